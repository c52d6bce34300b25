#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace gyroseg {

/// A line that is not blank, without blanks around it.
struct TextLine {
  std::string place;  ///< "FILE:LINE", counted from 1
  std::string text;
};

/// The lines of a small text file; the line ends of Windows and a byte-order mark are dropped.
/// Throws DataError: missing, unreadable or empty.
[[nodiscard]] std::vector<TextLine> read_lines(const std::filesystem::path& file);

}  // namespace gyroseg
