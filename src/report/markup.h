#pragma once

#include <string>

namespace gyroseg {

enum class LineBreaks { kept, replaced };

/// A text for SVG and HTML: markup is escaped; control characters, and bytes that are not UTF-8, become '?'.
[[nodiscard]] std::string markup_escaped(const std::string& text, LineBreaks line_breaks);

}  // namespace gyroseg
