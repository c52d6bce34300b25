#pragma once

#include <torch/types.h>

#include <cstdint>

namespace gyroseg::detail {

/// A tensor with coordinates along dim as float64 rows [N,D], and back.
inline torch::Tensor rows_of(const torch::Tensor& x, int64_t dim) {
  return x.to(torch::kFloat64).movedim(dim, -1).reshape({-1, x.size(dim)});
}

/// rows [N,K] with the other dimensions of `like` and K at dim.
inline torch::Tensor from_rows(const torch::Tensor& rows, const torch::Tensor& like, int64_t dim) {
  auto shape = like.sizes().vec();
  shape.erase(shape.begin() + dim);
  shape.push_back(rows.size(1));
  return rows.view(shape).movedim(-1, dim);
}

}  // namespace gyroseg::detail
