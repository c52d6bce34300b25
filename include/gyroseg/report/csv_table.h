#pragma once

#include <string>
#include <vector>

namespace gyroseg {

/// A CSV file's text (RFC 4180) built row by row: cells with a comma, a quote or a line break are
/// quoted.
class CsvTable {
 public:
  explicit CsvTable(const std::vector<std::string>& header) : columns_(header.size()) { add(header); }

  /// Throws c10::ValueError on another number of cells than the header's.
  void add(const std::vector<std::string>& cells);

  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  std::size_t columns_;
  std::string text_;
};

}  // namespace gyroseg
