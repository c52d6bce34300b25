// What SVG leaves to the reader: how wide a text is.

#include <array>
#include <cstddef>
#include <sstream>

#include "gyroseg/report/svg.h"
#include "utf8.h"

namespace gyroseg {
namespace {

// Advance widths of DejaVu Sans 2.37 in thousandths of its size, from ' ' to '~'.
constexpr std::array<int, 95> kWidths = {
    318, 401, 460, 838, 636, 950, 780, 275, 390, 390, 500, 838, 318, 361, 318, 337,
    636, 636, 636, 636, 636, 636, 636, 636, 636, 636, 337, 337, 838, 838, 838, 531,
    1000, 684, 686, 698, 770, 632, 575, 775, 752, 295, 295, 656, 557, 863, 748, 787,
    603, 787, 695, 635, 611, 732, 684, 989, 685, 611, 685, 390, 337, 390, 838, 500,
    500, 613, 635, 550, 635, 615, 352, 635, 634, 278, 278, 579, 278, 974, 634, 612,
    635, 635, 411, 521, 392, 634, 592, 818, 592, 592, 525, 636, 337, 636, 838};
constexpr int kLatinWidth = 650;   // other letters of two bytes: accents, Greek, Cyrillic
constexpr int kWideWidth = 1000;   // the rest: Chinese, signs
constexpr double kBold = 1.13;     // bold words are wider by 10 to 13 %

int thousandths(const std::string& character) {
  const auto c = static_cast<unsigned char>(character.front());
  if (character.size() == 1) {
    return c >= ' ' && c <= '~' ? kWidths[c - ' '] : kWidths['?' - ' '];
  }
  return character.size() == 2 ? kLatinWidth : kWideWidth;
}

// Length of the UTF-8 sequence that begins at `i`, 0 where none does. Overlong forms, surrogates
// and what lies past U+10FFFF are none: XML does not allow them.
std::size_t sequence_length(const std::string& text, std::size_t i) {
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
  const unsigned char first = byte(i);
  const std::size_t length = first < 0x80                     ? 1
                             : first >= 0xC2 && first <= 0xDF ? 2
                             : first >= 0xE0 && first <= 0xEF ? 3
                             : first >= 0xF0 && first <= 0xF4 ? 4
                                                              : 0;
  if (i + length > text.size()) {
    return 0;
  }
  for (std::size_t k = 1; k < length; ++k) {
    if ((byte(i + k) & 0xC0) != 0x80) {
      return 0;
    }
  }
  if (length < 3) {
    return length;
  }
  const unsigned char second = byte(i + 1);
  const bool forbidden = (first == 0xE0 && second < 0xA0) || (first == 0xED && second > 0x9F) ||
                         (first == 0xF0 && second < 0x90) || (first == 0xF4 && second > 0x8F) ||
                         (first == 0xEF && second == 0xBF && byte(i + 2) >= 0xBE);  // U+FFFE
  return forbidden ? 0 : length;
}

}  // namespace

std::vector<std::string> utf8_characters(const std::string& text) {
  std::vector<std::string> characters;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = sequence_length(text, i);
    characters.push_back(length == 0 ? "?" : text.substr(i, length));
    i += length == 0 ? 1 : length;
  }
  return characters;
}

double text_width(const std::string& text, double size, bool bold) {
  int sum = 0;
  for (const std::string& character : utf8_characters(text)) {
    sum += thousandths(character);
  }
  return sum * size / 1000 * (bold ? kBold : 1);
}

std::string shortened(const std::string& text, double size, double width, bool bold) {
  if (text_width(text, size, bold) <= width) {
    return text;
  }
  const std::vector<std::string> characters = utf8_characters(text);
  std::string start;
  std::string end;
  for (std::size_t i = 0; i < characters.size(); ++i) {
    const bool front = i % 2 == 0;
    const std::string& next = front ? characters[i / 2] : characters[characters.size() - 1 - i / 2];
    if (text_width(start + "..." + end + next, size, bold) > width) {
      break;
    }
    front ? start += next : end = next + end;
  }
  return start + "..." + end;
}

std::vector<std::string> wrapped_text(const std::string& text, double size, double width) {
  std::vector<std::string> lines;
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    const std::string longer = lines.empty() ? word : lines.back() + " " + word;
    if (lines.empty() || text_width(longer, size) > width) {
      lines.push_back(word);
    } else {
      lines.back() = longer;
    }
  }
  return lines;
}

}  // namespace gyroseg
