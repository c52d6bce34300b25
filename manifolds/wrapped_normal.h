#pragma once

#include <torch/types.h>

#include <cstdint>
#include <optional>

#include "manifolds/curvature.h"

namespace gyroseg {

// The wrapped normal distribution of the Poincare ball (Nagano et al. 2019): v ~ N(0, diag(s^2)) in
// the tangent space at the origin, in orthonormal coordinates, carried to mu and wrapped around the
// space. Then d(mu, z) = |v|.
//
//   Symbols  mu  [.., D, ..] centres, points of the ball;  z points;  n = D
//            s   standard deviations, > 0, broadcast to mu: one number, one a direction
//   Factors  the ball's metric at the origin is 4 times the Euclidean one, so the ball's tangent
//            vector is v/2; no n log 2 is left in the density (derivations.md B5)
//   Dtypes   float64, float32, bfloat16, half; float64 inside
//   Grads    in mu, s, z and c; samples are reparametrised
//   Domain   s is not checked (it may live on an accelerator): s <= 0 gives NaN or a wrong density
//   Throws   c10::ValueError: c, shapes, dtypes, devices

/// One sample for each centre: exp_mu(s e/lambda(mu)), e standard normal from `generator`, or
/// torch's own. To draw many expand mu. Same generator state, same samples.
[[nodiscard]] torch::Tensor wrapped_normal_sample(
    const torch::Tensor& mu, const torch::Tensor& s, const Curvature& c,
    std::optional<at::Generator> generator = std::nullopt, int64_t dim = -1);

/// log of the density at z against the Riemannian volume, without dim: with v = lambda(mu)
/// log_mu(z) and r = |v|, log N(v; 0, diag(s^2)) - (n-1) log( sinh(sqrt(c) r)/(sqrt(c) r) ).
/// Against the Lebesgue measure of ball coordinates add n log lambda(z).
[[nodiscard]] torch::Tensor wrapped_normal_log_density(const torch::Tensor& z,
                                                       const torch::Tensor& mu,
                                                       const torch::Tensor& s, const Curvature& c,
                                                       int64_t dim = -1);

}  // namespace gyroseg
