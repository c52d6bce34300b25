#pragma once

#include <cstdint>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

#include <torch/types.h>

namespace gyroseg {

/// A file of the user's data is missing, broken or does not fit; what() is one line that starts with the
/// file and says what was expected, what was found and what to do.
class DataError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Decodes a JPEG, PNG, BMP or TIFF image. Returns [H,W,3] uint8, RGB. A truncated file is an error.
/// Throws DataError.
[[nodiscard]] torch::Tensor read_image(const std::filesystem::path& file);

/// A PNG file of [H,W,3] uint8 RGB.
[[nodiscard]] std::vector<std::uint8_t> encode_png(const torch::Tensor& rgb);

/// A JPEG file of [H,W,3] uint8 RGB. quality in [1, 100].
[[nodiscard]] std::vector<std::uint8_t> encode_jpeg(const torch::Tensor& rgb, int quality = 85);

/// Writes [H,W,3] uint8 RGB by the file's extension (.jpg, .png), to a temporary name and renamed.
/// quality: JPEG quality in [1, 100]. Throws DataError.
void write_image(const std::filesystem::path& file, const torch::Tensor& rgb, int quality = 92);

}  // namespace gyroseg
