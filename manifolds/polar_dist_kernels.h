#pragma once

#include <torch/types.h>

#include <cstdint>

namespace gyroseg::detail {

/// The two evaluations behind polar_dist, equal but for rounding: one fused loop over rows for the
/// CPU, tensor operations for every other device. Internal: the tests compare them.
///
///   v, w      broadcastable, D entries along `dim` (negative); gradients have the broadcast shape
///   distance  the broadcast shape without `dim`
struct PolarDistance {
  torch::Tensor distance;
  torch::Tensor by_v, by_w;  ///< gradients of each distance; undefined unless asked for
};

/// float32 or float64, one dtype for both; results in that dtype.
[[nodiscard]] PolarDistance polar_dist_cpu(const torch::Tensor& v, const torch::Tensor& w, double c,
                                           int64_t dim, bool with_gradients);

/// Any floating dtypes; results in float64.
[[nodiscard]] PolarDistance polar_dist_composite(const torch::Tensor& v, const torch::Tensor& w,
                                                 double c, int64_t dim, bool with_gradients);

}  // namespace gyroseg::detail
