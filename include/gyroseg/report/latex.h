#pragma once

#include <string>

namespace gyroseg {

/// A plain text for LaTeX: what it reads as commands is escaped, < and > are set in math.
[[nodiscard]] std::string latex_escaped(const std::string& text);

}  // namespace gyroseg
