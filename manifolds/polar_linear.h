#pragma once

#include <torch/types.h>

#include <cstdint>

#include "manifolds/curvature.h"

namespace gyroseg {

/// Hyperbolic linear layer (HNN++, Shimizu et al. 2021) in polar form, from tangent vectors at the
/// origin to tangent vectors at the origin: the point exp0(polar_linear(v)) lies at signed distance
/// s_k = polar_mlr(v)_k from the coordinate plane { y_k = 0 }, k = 0 .. K-1.
///
///   Symbols  v  tangent vectors, D entries along `dim`;  K replaces D there in the result
///            z  normals [K,D];  r  offsets [K], as polar_mlr takes them
///   Formula  w_k = sinh(sqrt(c) s_k)/sqrt c, along w with sinh(2 sqrt(c)|v'|) = sqrt(c)|w|; in ball
///            coordinates exp0(v') = w/(1 + sqrt(1 + c|w|^2))
///   Limits   c -> 0: 2 (<v,z> - r|z|)
///   Range    any scores: exponents are scaled by the largest, so the result's radius is not bounded
///            by overflow
///   Dtypes   as polar_mlr; float64 inside
///   Grads    hand-written, for c too; double backward is an error
///   NaN      NaN in, NaN out
///   Throws   c10::ValueError: c, dtype, shapes, devices
///   Source   derivations.md B18
[[nodiscard]] torch::Tensor polar_linear(const torch::Tensor& v, const torch::Tensor& z,
                                         const torch::Tensor& r, const Curvature& c,
                                         int64_t dim = -1);

/// Its second half: the tangent vector v' of the point at signed distances s_k from the coordinate
/// planes. s: K entries along `dim` -> the same shape.
[[nodiscard]] torch::Tensor polar_from_distances(const torch::Tensor& s, const Curvature& c,
                                                 int64_t dim = -1);

}  // namespace gyroseg
