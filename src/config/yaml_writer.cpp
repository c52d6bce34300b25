#include "yaml_writer.h"

#include <algorithm>
#include <cctype>

namespace gyroseg {

std::string hex_of(unsigned char byte) {
  static const std::string kDigits = "0123456789abcdef";
  return {kDigits[byte >> 4], kDigits[byte & 15]};
}

std::string text_of(const std::string& text) {
  static const std::vector<std::string> kReserved = {"null", "true", "false", "yes", "no",
                                                     "on",   "off",  "y",     "n"};
  static const std::string kPlain = "_-./@";
  std::string lower;
  bool plain = !text.empty() && std::isalpha(static_cast<unsigned char>(text[0])) != 0;
  for (const char letter : text) {
    const auto byte = static_cast<unsigned char>(letter);
    lower += static_cast<char>(std::tolower(byte));
    plain = plain && (std::isalnum(byte) != 0 || kPlain.find(letter) != std::string::npos);
  }
  if (plain && std::find(kReserved.begin(), kReserved.end(), lower) == kReserved.end()) {
    return text;
  }
  std::string quoted = "\"";
  for (const char letter : text) {
    const auto byte = static_cast<unsigned char>(letter);
    if (letter == '"' || letter == '\\') {
      quoted += '\\';
    }
    if (byte < 0x20 || byte == 0x7f) {
      quoted += "\\x" + hex_of(byte);
    } else {
      quoted += letter;
    }
  }
  quoted += '"';
  return quoted;
}

std::string text_of(bool value) { return value ? "true" : "false"; }

std::string text_of(int value) { return std::to_string(value); }

std::string text_of(std::uint64_t value) { return std::to_string(value); }

// YAML 1.1 readers take 1e-04 as a text and 1.0e-04 as a number.
std::string text_of(double value) {
  std::string text = number_text(value);
  const std::size_t exponent = text.find('e');
  if (exponent != std::string::npos && text.find('.') == std::string::npos) {
    text.insert(exponent, ".0");
  }
  return text;
}

std::string in_brackets(char open, const std::string& text, char close) {
  std::string result(1, open);
  result += text;
  result += close;
  return result;
}

}  // namespace gyroseg
