#pragma once

#include <torch/types.h>

#include <cstdint>
#include <filesystem>
#include <vector>

namespace gyroseg {

/// Whether the bytes begin as numpy.save writes them.
[[nodiscard]] bool is_npy(const std::vector<std::uint8_t>& bytes);

/// A mask that numpy.save wrote: [H,W], little-endian integers of 1, 2, 4 or 8 bytes with or without
/// a sign, or booleans, in C or Fortran order, of format version 1, 2 or 3. Returns [H,W] int32.
/// Throws DataError naming `file`: another type (floats, big-endian, pickled objects), another shape,
/// missing or surplus bytes, a value that 32 bits do not hold (with its pixel).
///
///   Source   numpy.lib.format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
[[nodiscard]] torch::Tensor npy_values(const std::vector<std::uint8_t>& bytes,
                                       const std::filesystem::path& file);

}  // namespace gyroseg
