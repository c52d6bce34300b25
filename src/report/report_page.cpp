#include "gyroseg/report/report_page.h"

#include <map>

#include "base64.h"
#include "markup.h"
#include "page_parts.h"

namespace gyroseg {
namespace {

// The template with each {{name}} replaced, what is put in not looked at again.
std::string filled(const std::string& text, const std::map<std::string, std::string>& parts) {
  std::string result;
  std::size_t at = 0;
  for (std::size_t open = text.find("{{"); open != std::string::npos; open = text.find("{{", at)) {
    const std::size_t close = text.find("}}", open);
    result += text.substr(at, open - at) + parts.at(text.substr(open + 2, close - open - 2));
    at = close + 2;
  }
  return result + text.substr(at);
}

}  // namespace

std::string html_escaped(const std::string& text) {
  return markup_escaped(text, LineBreaks::kept);
}

std::string html_figure(const Svg& figure) {
  const std::string document = figure.document();
  return "<img alt=\"" + html_escaped(figure.title()) + "\" width=\"" +
         std::to_string(static_cast<int>(figure.width())) +
         "\" src=\"data:image/svg+xml;base64," + base64({document.begin(), document.end()}) +
         "\">\n";
}

std::string embedding_place() { return "<div id=\"embedding\"></div>\n"; }

std::string html(const ReportPage& page) {
  std::string contents;
  std::string sections;
  for (const ReportSection& section : page.sections) {
    const std::string title = html_escaped(section.title);
    contents += "<a href=\"#" + section.id + "\">" + title + "</a> ";
    sections += "<section id=\"" + section.id + "\">\n<h2>" + title + "</h2>\n" + section.html + "</section>\n";
  }
  const std::string data =
      page.embedding.empty() ? ""
                             : "<script type=\"application/json\" id=\"embedding-data\">" +
                                   page.embedding + "</script>\n";
  return filled(page_template, {{"title", html_escaped(page.title)},
                                {"style", page_style},
                                {"contents", contents},
                                {"sections", sections},
                                {"data", data},
                                {"script", page_script}});
}

}  // namespace gyroseg
