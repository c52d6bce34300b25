#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <string>

namespace gyroseg::testing {

/// The lines of every block between two marks, without leading blanks; file: from the repository's root.
inline std::string blocks_of(const std::string& file, const std::string& begin,
                             const std::string& end) {
  std::ifstream in(GYROSEG_SOURCE_DIR + file);
  std::string result;
  bool inside = false;
  for (std::string line; std::getline(in, line);) {
    const std::size_t first = line.find_first_not_of(' ');
    const std::string text = first == std::string::npos ? "" : line.substr(first);
    if (inside && text == end) {
      inside = false;
    } else if (inside && !text.empty()) {
      result += text + "\n";
    } else if (text == begin) {
      inside = true;
    }
  }
  return result;
}

/// Expects that the C++ of a document is what stands between "// doc begin" and "// doc end" in a test.
inline void expect_document_shows(const std::string& document, const std::string& test) {
  const std::string shown = blocks_of(document, "```cpp", "```");
  EXPECT_FALSE(shown.empty());
  EXPECT_EQ(shown, blocks_of(test, "// doc begin", "// doc end"));
}

}  // namespace gyroseg::testing
