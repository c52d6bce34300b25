#pragma once

#include <torch/types.h>

#include <cstdint>

#include "manifolds/curvature.h"

namespace gyroseg {

/// Geodesic distance on the hyperboloid { -X0^2 + |Xs|^2 = -1/c, X0 > 0 }:
/// (2/sqrt c) asinh( (sqrt(c)/2) |X-Y|_L ), |X-Y|_L^2 = |Xs-Ys|^2 - (X0-Y0)^2.
///
///   x, y    points [.., D+1, ..] with X0 first along `dim`, broadcast; dim is reduced
///   Value   from the space parts alone, without cancellation at any radius (derivations.md B3): X0
///           is taken to be sqrt(1/c + |Xs|^2), in the gradients too
///   Grads   the ambient ones of |X-Y|_L, for X0 too and for c with x and y held fixed (B4); 0 at
///           x == y. Double backward is an error
///   Dtypes  float64, float32, bfloat16, half; float64 inside
///   Throws  c10::ValueError: c, shapes (D+1 >= 2), dtypes, devices
///   Python  torch.ops.gyroseg.lorentz_dist
[[nodiscard]] torch::Tensor lorentz_dist(const torch::Tensor& x, const torch::Tensor& y,
                                         const Curvature& c, int64_t dim = -1);

}  // namespace gyroseg
