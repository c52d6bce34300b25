#pragma once

#include <torch/types.h>

#include <cstdint>

#include "manifolds/curvature.h"

namespace gyroseg {

/// Distance of exp0(v) and exp0(w) in the Poincare ball, straight from the tangent vectors at the
/// origin, with s = sqrt(c) and t the angle between v and w:
/// d = (2/s) asinh sqrt( sinh^2(s|v| - s|w|) + sinh(2s|v|) sinh(2s|w|) sin^2(t/2) ).
///
///   Symbols  v, w  tangent vectors, broadcast; the same D along `dim`, which is reduced
///            c     curvature parameter, finite and > 0; exp0(v) lies at hyperbolic radius 2|v|
///   Dtypes   float64, float32, bfloat16, half; float64 inside, result in the wider dtype of both.
///            For float32 the result's own rounding is the only error, at every radius, parallel
///            vectors and neighbours included
///   Limits   c -> 0: 2|v - w|
///   Grads    hand-written, for c too. v == w: 0 by convention. v == 0 != w: -2 w/|w|, which is exact
///   NaN      NaN in, NaN out
///   Throws   c10::ValueError: c, dtype, shapes, devices; c10::Error: double backward
///   Python   torch.ops.gyroseg.polar_dist
///   Source   derivations.md section C
[[nodiscard]] torch::Tensor polar_dist(const torch::Tensor& v, const torch::Tensor& w,
                                       const Curvature& c, int64_t dim = -1);

}  // namespace gyroseg
