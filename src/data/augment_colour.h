#pragma once

#include <torch/types.h>

namespace gyroseg {

/// CLAHE of the lightness in CIE Lab (OpenCV's, 8 x 8 tiles): the histogram of each tile is flattened
/// after what exceeds `clip` times its mean height is spread evenly. rgb [H,W,3] uint8 -> a new image.
///
///   Source   Zuiderveld, "Contrast limited adaptive histogram equalization", 1994
[[nodiscard]] torch::Tensor equalised(const torch::Tensor& rgb, double clip);

/// v -> 255 (v / 255)^gamma, rounded: above 1 darkens. rgb [H,W,3] uint8 -> a new image.
[[nodiscard]] torch::Tensor gamma_corrected(const torch::Tensor& rgb, double gamma);

}  // namespace gyroseg
