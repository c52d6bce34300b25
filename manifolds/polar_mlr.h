#pragma once

#include <torch/types.h>

#include <cstdint>

#include "manifolds/curvature.h"

namespace gyroseg {

/// Logits of hyperbolic multinomial logistic regression (HNN++, Shimizu et al. 2021) at x = exp0(v)
/// in the Poincare ball, straight from the tangent vector v: logit_k = (2|z_k|/sqrt c) asinh(T_k),
/// T_k = C sinh(2p - rho_k) - S sinh(2p + rho_k), p = sqrt(c)|v|, rho_k = 2 sqrt(c) r_k,
/// C, S = (1 +- cos(v, z_k))/2. It is 2|z_k| times the signed distance of x from hyperplane k.
///
///   Symbols  v  tangent vectors, D entries along `dim`;  K replaces D there in the result
///            z  normals [K,D];  r  offsets [K]: hyperplane k passes through exp0(r_k z_k/|z_k|)
///            c  curvature parameter, finite and > 0
///   Dtypes   float64, float32; bfloat16 and half compute as float32. Result in the widest dtype of
///            the three; float64 inside, the matrix products too
///   Range    any |v|: hyperbolic radius 2|v| of 80 and beyond in float32. The error of asinh(T) is
///            a few times 1e-16 G, G = sinh(2p) cosh(rho)/sqrt(1 + T^2) its derivative by cos(v,z):
///            nothing in general, largest on a hyperplane far out or of large offset (section D)
///   Limits   c -> 0: 4 (<v,z> - r|z|).  v = 0: -4 r|z|, gradient 4 z.  z_k = 0: value, gradient 0
///   Grads    hand-written, for c too, finite: magnitudes beyond float32 saturate (largest_gradient)
///   NaN      NaN in, NaN out
///   Throws   c10::ValueError: c, dtype, shapes, devices; c10::Error: double backward
///   Memory   nothing is kept for backward but the inputs; nothing of size B H W K D is formed
///   Cost     one matrix product forward, three backward; pixels [B,D,H,W] (channels_last too) and
///            rows [N,D] are read where they lie
///   Python   torch.ops.gyroseg.polar_mlr
///   Source   derivations.md section D
[[nodiscard]] torch::Tensor polar_mlr(const torch::Tensor& v, const torch::Tensor& z,
                                      const torch::Tensor& r, const Curvature& c,
                                      int64_t dim = -1);

}  // namespace gyroseg
