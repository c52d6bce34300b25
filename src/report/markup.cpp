#include "markup.h"

#include "utf8.h"

namespace gyroseg {

std::string markup_escaped(const std::string& text, LineBreaks line_breaks) {
  std::string result;
  for (const std::string& character : utf8_characters(text)) {
    const char c = character.front();
    const bool control = (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) &&
                         !(c == '\n' && line_breaks == LineBreaks::kept);
    result += c == '&'   ? "&amp;"
              : c == '<' ? "&lt;"
              : c == '>' ? "&gt;"
              : c == '"' ? "&quot;"
              : control  ? "?"
                         : character;
  }
  return result;
}

}  // namespace gyroseg
