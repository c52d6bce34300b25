#pragma once

#include <torch/types.h>

#include <cstdint>
#include <optional>

#include "manifolds/curvature.h"

namespace gyroseg {

// Weighted means of points of the ball and of the unit sphere.
//
//   x        points; coordinates along `dim`, averaged over `along`, which the result lacks
//   weights  >= 0, of x's shape without `dim` or broadcast to it; equal unless given; their sum is
//            divided out. All 0: NaN
//   Dtypes   float64, float32, bfloat16, half; float64 inside
//   Grads    in x, weights and c, double backward included but for Frechet means
//   Throws   c10::ValueError: c, shapes, dtypes, devices

/// Gyromidpoint: f = sum(w lambda x)/sum(w (lambda - 1)), f/(1 + sqrt(1 - c|f|^2)), the point under
/// the weighted sum of the hyperboloid points. 1 - c|f|^2 loses e^(2R) digits, so the sum is seen
/// from the midpoint itself, found by two rough passes: right to the rounding of its coordinates.
/// (From the point of largest weight, derivations.md B10, points far apart still lose
/// e^(distance).)
[[nodiscard]] torch::Tensor poincare_midpoint(const torch::Tensor& x,
                                              const std::optional<torch::Tensor>& weights,
                                              const Curvature& c, int64_t along = -2,
                                              int64_t dim = -1);

/// The same on the hyperboloid, X0 first along `dim`: sum(w X) scaled back to it. Evaluated in the
/// ball, in float64: hyperbolic radius up to 35.
[[nodiscard]] torch::Tensor lorentz_centroid(const torch::Tensor& x,
                                             const std::optional<torch::Tensor>& weights,
                                             const Curvature& c, int64_t along = -2,
                                             int64_t dim = -1);

/// Frechet mean, the one minimiser of F(m) = sum w dist(m, x)^2 (the space is a Hadamard manifold).
///   Iteration  Newton's steps H^-1 sum w log_m x from the gyromidpoint, halved where F would grow
///   Grads      implicit (Lou et al. 2020), by one step at the solution: exact to first order
///   Memory     D^2 numbers for each mean
[[nodiscard]] torch::Tensor poincare_frechet_mean(const torch::Tensor& x,
                                                  const std::optional<torch::Tensor>& weights,
                                                  const Curvature& c, int64_t along = -2,
                                                  int64_t dim = -1);

/// The same on the hyperboloid, evaluated in the ball in float64.
[[nodiscard]] torch::Tensor lorentz_frechet_mean(const torch::Tensor& x,
                                                 const std::optional<torch::Tensor>& weights,
                                                 const Curvature& c, int64_t along = -2,
                                                 int64_t dim = -1);

/// sum(w x) scaled to length 1; NaN where the sum is 0.
[[nodiscard]] torch::Tensor sphere_midpoint(const torch::Tensor& x,
                                            const std::optional<torch::Tensor>& weights,
                                            int64_t along = -2, int64_t dim = -1);

/// Frechet mean on the unit sphere by geodesic distance. Domain: points within pi/2 of their mean,
/// where F is convex; elsewhere a stationary point, or NaN.
[[nodiscard]] torch::Tensor sphere_frechet_mean(const torch::Tensor& x,
                                                const std::optional<torch::Tensor>& weights,
                                                int64_t along = -2, int64_t dim = -1);

}  // namespace gyroseg
