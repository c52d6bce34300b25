#include "gyroseg/report/latex.h"

namespace gyroseg {

std::string latex_escaped(const std::string& text) {
  std::string result;
  for (const char c : text) {
    switch (c) {
      case '\\': result += "\\textbackslash{}"; break;
      case '~': result += "\\textasciitilde{}"; break;
      case '^': result += "\\textasciicircum{}"; break;
      case '<': result += "$<$"; break;
      case '>': result += "$>$"; break;
      case '&': case '%': case '$': case '#': case '_': case '{': case '}':
        result += '\\';
        [[fallthrough]];
      default: result += c;
    }
  }
  return result;
}

}  // namespace gyroseg
