#pragma once

#include <cstdint>
#include <sstream>
#include <string>
#include <vector>

#include "section.h"

namespace gyroseg {

/// A value as every reader of YAML 1.1 or 1.2 takes it; text in double quotes unless plain text is
/// the same to all of them.
[[nodiscard]] std::string text_of(const std::string& text);
[[nodiscard]] std::string text_of(bool value);
[[nodiscard]] std::string text_of(int value);
[[nodiscard]] std::string text_of(std::uint64_t value);
[[nodiscard]] std::string text_of(double value);

/// Two hexadecimal digits.
[[nodiscard]] std::string hex_of(unsigned char byte);

[[nodiscard]] std::string in_brackets(char open, const std::string& text, char close);

/// [a, b, ...]
template <class List>
std::string list_of(const List& list) {
  std::vector<std::string> words;
  for (const auto& element : list) {
    words.push_back(text_of(element));
  }
  return in_brackets('[', join(words, ", "), ']');
}

/// Lines "key: value", indented.
class YamlWriter {
 public:
  template <class T>
  void line(const std::string& key, const T& value) {
    raw(key, text_of(value));
  }
  void raw(const std::string& key, const std::string& value) {
    out_ << std::string(2 * depth_, ' ') << key << ": " << value << "\n";
  }
  void open(const std::string& key) {
    out_ << std::string(2 * depth_, ' ') << key << ":\n";
    ++depth_;
  }
  void close() { --depth_; }
  [[nodiscard]] std::string str() const { return out_.str(); }

 private:
  std::ostringstream out_;
  int depth_ = 0;
};

}  // namespace gyroseg
