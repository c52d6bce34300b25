#pragma once

#include <string>
#include <vector>

#include "gyroseg/report/svg.h"

namespace gyroseg {

/// A part of the page, under a heading that the contents link to.
struct ReportSection {
  std::string id;  ///< letters, digits, '-'
  std::string title;
  std::string html;  ///< its markup; texts in it escaped by html_escaped
};

/// One HTML file that needs nothing else: it opens from disk, and its own policy (Content-Security-Policy)
/// keeps the browser from loading anything.
struct ReportPage {
  std::string title;
  std::vector<ReportSection> sections;
  /// embedding_json (report/embedding_page.h), shown in the element <div id="embedding"> of a section; ""
  /// where there is none.
  std::string embedding = "";
};

[[nodiscard]] std::string html(const ReportPage& page);

/// A text for the page: markup is escaped; control characters but line breaks, and bytes that are not
/// UTF-8, become '?'.
[[nodiscard]] std::string html_escaped(const std::string& text);

/// A figure as an image inside the page, described by its title. Figures have a white ground of their own.
[[nodiscard]] std::string html_figure(const Svg& figure);

/// The element that an embedding is shown in.
[[nodiscard]] std::string embedding_place();

}  // namespace gyroseg
