#pragma once

#include <torch/types.h>

#include <array>

namespace gyroseg {

/// Both resizings map pixel centres: centre (x + 1/2) of the result lies at (x + 1/2) * old / new
/// of the source. So an image and its mask stay aligned at any pair of sizes.

/// rgb [H,W,3] uint8 -> [h,w,3] uint8. Averages over the covered area where both axes shrink
/// (bilinear interpolation would skip pixels), bilinear otherwise. size: {h, w}, both > 0.
[[nodiscard]] torch::Tensor resize_image(const torch::Tensor& rgb, const std::array<int, 2>& size);

/// Nearest neighbour. labels [H,W] int64 -> [h,w] int64.
[[nodiscard]] torch::Tensor resize_labels(const torch::Tensor& labels,
                                          const std::array<int, 2>& size);

}  // namespace gyroseg
