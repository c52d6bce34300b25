#pragma once

#include <torch/types.h>

#include <cstdint>

#include "manifolds/curvature.h"

namespace gyroseg {

// Gyrovector algebra and Riemannian maps of the open ball { x : c|x|^2 < 1 }, metric
// lambda(x)^2 <.,.>. Moebius addition, exp0, log0 and distances: poincare_operators.h.
//
//   Symbols  x, y, u, v  points, coordinates along `dim`, which counts in the broadcast shape
//            w           a vector; al = 1 - c|x|^2, be = 1 - c|y|^2, s = |x - y|^2
//   Dtypes   float64, float32, bfloat16, half; float64 inside, al and be compensated; results in
//            the widest dtype given, points held inside the ball in it
//   Accuracy up to the rounding of the coordinates given, times lambda of their points: a rounding
//            of a coordinate moves a point that far. Nothing cancels beyond that (derivations.md
//            B2)
//   Grads    by autograd through smooth forms, for c too, double backward included unless said;
//            finite at coincident points and at the origin
//   Domain   a point on the rim or outside gives NaN; NaN gives NaN
//   Throws   c10::ValueError: c, shapes, dtypes, devices
//   Source   hyperbolic.md section 1 (Ganea et al. 2018)

/// r (x) x = tanh(r artanh(sqrt(c)|x|)) x/(sqrt(c)|x|). r: the points' shape without `dim`, or
/// broadcast to it. No double backward.
[[nodiscard]] torch::Tensor mobius_scalar(const torch::Tensor& r, const torch::Tensor& x,
                                          const Curvature& c, int64_t dim = -1);

/// M (x) x = exp0(M log0 x). m: [E,D]; E takes the place of D at `dim`. No double backward.
[[nodiscard]] torch::Tensor mobius_matrix(const torch::Tensor& m, const torch::Tensor& x,
                                          const Curvature& c, int64_t dim = -1);

/// gyr[u,v] w = -(u (+) v) (+) (u (+) (v (+) w)), a rotation of w in the plane of u and v:
/// w + 2c { [be <p,w> + c|p|^2 <v,w>] u - [<p,w> - al <v,w>] p } / (al be + c|p|^2), p = u + v, al
/// and be the gaps of u and v. The literal A and B of hyperbolic.md cancel at v near -u; here all
/// terms are as small as the denominator.
[[nodiscard]] torch::Tensor gyration(const torch::Tensor& u, const torch::Tensor& v,
                                     const torch::Tensor& w, const Curvature& c, int64_t dim = -1);

/// lambda(x) = 2/(1 - c|x|^2); dim kept with size 1.
[[nodiscard]] torch::Tensor poincare_lambda(const torch::Tensor& x, const Curvature& c,
                                            int64_t dim = -1);

/// Riemannian gradient (al^2/4) egrad.
[[nodiscard]] torch::Tensor poincare_rgrad(const torch::Tensor& x, const torch::Tensor& egrad,
                                           const Curvature& c, int64_t dim = -1);

/// exp_x(w) = x (+) tanh(sqrt(c) lambda|w|/2) w/(sqrt(c)|w|), with the second term's gap as sech^2
/// and not 1 - tanh^2.
[[nodiscard]] torch::Tensor poincare_expmap(const torch::Tensor& x, const torch::Tensor& w,
                                            const Curvature& c, int64_t dim = -1);

/// log_x(y) = phi(u) (al (y-x) - c s x)/(be sqrt(1+u)), u = c s/(al be).
[[nodiscard]] torch::Tensor poincare_logmap(const torch::Tensor& x, const torch::Tensor& y,
                                            const Curvature& c, int64_t dim = -1);

/// The geodesic through x (t = 0) and y (t = 1), as the combination of their hyperboloid points
/// with weights sinh((1-t)D)/sinh D, sinh(tD)/sinh D, D = sqrt(c) d(x,y): both weights are positive
/// between the points. t: the points' shape without `dim`, or broadcast to it.
[[nodiscard]] torch::Tensor poincare_geodesic(const torch::Tensor& t, const torch::Tensor& x,
                                              const torch::Tensor& y, const Curvature& c,
                                              int64_t dim = -1);

/// Parallel transport of w from x to y: (lambda(x)/lambda(y)) gyr[y,-x] w.
[[nodiscard]] torch::Tensor poincare_transport(const torch::Tensor& x, const torch::Tensor& y,
                                               const torch::Tensor& w, const Curvature& c,
                                               int64_t dim = -1);

}  // namespace gyroseg
