#pragma once

#include <optional>
#include <string>
#include <vector>

namespace gyroseg {

/// A table for a terminal, a Markdown file, a page or a paper: first column to the left, others to the right.
class TextTable {
 public:
  explicit TextTable(std::vector<std::string> header);

  /// Throws c10::ValueError unless there are as many cells as columns.
  void add(std::vector<std::string> row);

  /// Aligned by spaces, a rule below the header, a newline after every row.
  [[nodiscard]] std::string text() const;

  /// Aligned too, so that it reads well unrendered; a '|' inside a cell is escaped.
  [[nodiscard]] std::string markdown() const;

  /// A <table> with a head; markup in cells is escaped.
  [[nodiscard]] std::string html() const;

  /// A tabular for \usepackage{booktabs,graphicx}, no wider than the text; cells are plain text, "+-" in them
  /// is set as the sign.
  [[nodiscard]] std::string latex() const;

 private:
  std::vector<std::vector<std::string>> rows_;  ///< the header first
};

/// A share in [0,1] with four digits, "-" where undefined.
[[nodiscard]] std::string share_cell(const std::optional<double>& value);

}  // namespace gyroseg
