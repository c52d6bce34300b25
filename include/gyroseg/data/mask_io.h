#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <vector>

#include <torch/types.h>

#include "gyroseg/data/image_io.h"

namespace gyroseg {

using Rgb = std::array<std::uint8_t, 3>;

/// A mask as stored: palette indices and grey values are never converted to colours.
struct RawMask {
  torch::Tensor values;  ///< [H,W] int32: palette index, grey value or number; undefined for RGB masks
  torch::Tensor colors;  ///< [H,W,3] uint8: RGB masks only
};

/// Reads a palette, grey (1 to 16 bit) or RGB(A) PNG through libpng, or an array of integers [H,W] that
/// numpy.save wrote (.npy), whatever the file is called. Throws DataError: missing, truncated or another
/// format (a JPEG mask is refused: lossy compression changes class ids).
[[nodiscard]] RawMask read_mask(const std::filesystem::path& file);

/// Writes [H,W] uint8 values as a palette PNG, to a temporary name and renamed. palette[i] is the colour
/// of value i; values past its end are black. Throws DataError.
void write_mask(const std::filesystem::path& file, const torch::Tensor& values,
                const std::vector<Rgb>& palette);

}  // namespace gyroseg
