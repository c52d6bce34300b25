#pragma once

#include <torch/types.h>

#include <cstdint>

#include "manifolds/curvature.h"

namespace gyroseg {

// Operators on points of the open ball { x : c|x|^2 < 1 }, one fused kernel each; from Python
// `torch.ops.gyroseg.NAME`. Formulas: hyperbolic.md section 1; the forms in use, derivations.md.
//
//   x, y    points; coordinates along `dim`, which counts in the broadcast shape
//   Dtypes  float64, float32, bfloat16, half; the result has the wider dtype of the inputs. Sums are
//           float64 inside, and 1 - c|x|^2 of float64 points is compensated: distances are right to
//           2e-7 (float32, to |x| = 1 - 1e-6) and 1e-13 (float64, to 1 - 1e-12), near pairs included
//   Grads   written by hand, for c too; broadcast arguments get summed gradients. Double backward is
//           an error
//   Domain  a point on the rim or outside gives NaN, NaN gives NaN: `project` comes first where
//           points may leave the ball
//   Throws  c10::ValueError: c not finite or <= 0, shapes, dtypes, devices

/// Geodesic distance (2/sqrt c) asinh sqrt( c|x-y|^2 / ((1-c|x|^2)(1-c|y|^2)) ), without dim. Its
/// gradient at x == y, where none exists, is 0.
[[nodiscard]] torch::Tensor poincare_dist(const torch::Tensor& x, const torch::Tensor& y,
                                          const Curvature& c, int64_t dim = -1);

/// Its square, smooth at x == y.
[[nodiscard]] torch::Tensor poincare_sqdist(const torch::Tensor& x, const torch::Tensor& y,
                                            const Curvature& c, int64_t dim = -1);

/// All distances of x [N,D] and y [M,D]: [N,M], from direct differences (|x|^2 + |y|^2 - 2<x,y>
/// would lose near pairs), without anything of size N M D.
[[nodiscard]] torch::Tensor poincare_cdist(const torch::Tensor& x, const torch::Tensor& y,
                                           const Curvature& c);

/// exp0(v) = tanh(sqrt(c)|v|) v/(sqrt(c)|v|), at hyperbolic distance 2|v| from the origin. The
/// result is inside the ball in its own dtype: |v| beyond what the dtype resolves (hyperbolic radius
/// 16 in float32, 35 in float64) is held just inside, its gradient is the true one. Prefer polar
/// operators there.
[[nodiscard]] torch::Tensor poincare_expmap0(const torch::Tensor& v, const Curvature& c,
                                             int64_t dim = -1);

/// log0(y) = artanh(sqrt(c)|y|) y/(sqrt(c)|y|), the inverse of exp0; its Jacobian at 0 is I.
[[nodiscard]] torch::Tensor poincare_logmap0(const torch::Tensor& y, const Curvature& c,
                                             int64_t dim = -1);

/// x (+) y = [al (x+y) + c|x+y|^2 x] / [al be + c|x+y|^2], al = 1 - c|x|^2, be = 1 - c|y|^2: of the
/// broadcast shape, held inside the ball in its own dtype.
[[nodiscard]] torch::Tensor poincare_mobius_add(const torch::Tensor& x, const torch::Tensor& y,
                                                const Curvature& c, int64_t dim = -1);

/// Class scores of Ganea et al. 2018, with the prefactor lambda_p |a| (their eq. 25):
/// (lambda_p |a|/sqrt c) asinh( 2 sqrt(c) <-p(+)x, a> / ((1-c|-p(+)x|^2)|a|) ). x has D entries
/// along `dim`, p and a are [K,D]; K takes the place of D. One matrix product. a = 0: score and
/// gradient 0.
[[nodiscard]] torch::Tensor poincare_mlr(const torch::Tensor& x, const torch::Tensor& p,
                                         const torch::Tensor& a, const Curvature& c,
                                         int64_t dim = -1);

}  // namespace gyroseg
