#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace gyroseg {

/// RFC 4180: a cell with a comma, a quote or a line break is quoted, and one that would read as a comment.
[[nodiscard]] std::string csv_cell(const std::string& cell);

/// Empty where undefined; 17 digits give the same double back.
[[nodiscard]] std::string csv_cell(const std::optional<double>& value);

struct CsvRow {
  std::string place;  ///< "FILE:LINE"
  int line = 0;       ///< its first, counted from 1
  std::vector<std::string> cells;
};

/// The rows of a small CSV file, the header first, without blank lines and lines that begin with
/// '#'. A quoted cell may go on over line breaks. Throws DataError, FILE:LINE: a quote that does not
/// close, or text beside a quoted cell; and where the file is missing or empty.
[[nodiscard]] std::vector<CsvRow> read_csv(const std::filesystem::path& file);

}  // namespace gyroseg
