#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>
#include <vector>

namespace gyroseg {

/// The whole file. Throws DataError: missing, a folder, unreadable or empty.
[[nodiscard]] std::vector<std::uint8_t> read_bytes(const std::filesystem::path& file);

/// Writes to a temporary name beside `file`, flushes and renames, so that a reader sees the old
/// file or the new one. Throws DataError; the temporary file is removed then.
void write_bytes(const std::filesystem::path& file, const std::vector<std::uint8_t>& bytes);

/// write_bytes() of a text.
void write_text(const std::filesystem::path& file, std::string_view text);

}  // namespace gyroseg
