#pragma once

#include <torch/types.h>
#include <torch/utils.h>

#include <cmath>

namespace gyroseg::detail {

/// Signs [K] of axes that the data decide: those which make the sum of cubes of the coordinates
/// [N,K] positive, or, of coordinates that are symmetric to 1e-9, the first one that is not small.
[[nodiscard]] inline torch::Tensor axis_signs(const torch::Tensor& coordinates) {
  const auto signs = torch::ones({coordinates.size(1)}, coordinates.options());
  for (int64_t k = 0; k < coordinates.size(1); ++k) {
    const auto column = coordinates.select(1, k);
    const double skew = column.pow(3).sum().item<double>();
    double decides = skew;
    if (std::abs(skew) <= 1e-9 * column.abs().pow(3).sum().item<double>()) {
      const auto large = column.index({column.abs() > 1e-9 * column.abs().max()});
      decides = large.numel() > 0 ? large[0].item<double>() : 1;
    }
    signs[k] = decides < 0 ? -1 : 1;
  }
  return signs;
}

}  // namespace gyroseg::detail
