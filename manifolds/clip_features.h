#pragma once

#include <torch/types.h>

#include <cstdint>

namespace gyroseg {

/// Feature clipping of Guo et al. 2022, before exp0: min(1, r/|v|) v, a vector of length at most r.
///
///   Symbols  v    vectors along `dim`, float64 | float32 | bfloat16 | half; float64 inside
///            r    > 0; the authors use 1
///   Grads    exact: the identity where |v| <= r, beyond (r/|v|) (I - vh vh^T), the projection on
///            the sphere; at |v| == r the identity
///   NaN      NaN in, NaN out
///   Throws   c10::ValueError: r not finite or <= 0, dtype, dim
///   Source   hyperbolic.md section 1, "Feature clipping"
[[nodiscard]] torch::Tensor clip_features(const torch::Tensor& v, double r = 1.0, int64_t dim = -1);

}  // namespace gyroseg
