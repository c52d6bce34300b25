#pragma once

#include <torch/types.h>

#include <cstdint>

#include "manifolds/curvature.h"

namespace gyroseg {

// The hyperbolic space of curvature -c in three coordinates, the same point in each (B18):
//
//   ball     x  c|x|^2 < 1, D coordinates
//   lorentz  X  [X0, Xs], X0 first along `dim`, -X0^2 + |Xs|^2 = -1/c, X0 > 0, D + 1 coordinates
//   klein    k  c|k|^2 < 1, D coordinates; geodesics are straight chords
//
//   Formulas  lambda = 2/(1 - c|x|^2): X0 = (lambda - 1)/sqrt(c), Xs = lambda x; x = Xs/(1 +
//             sqrt(c) X0); k = 2x/(1 + c|x|^2) = Xs/(sqrt(c) X0); x = k/(1 + sqrt(1 - c|k|^2))
//   Accuracy  each map is right to rounding; what the coordinates resolve differs: the ball and the
//             hyperboloid's directions lose e^R digits at hyperbolic radius R, Klein e^(2R)
//   Dtypes    float64, float32, bfloat16, half; float64 inside; points held inside the ball
//   Grads     in the coordinates and in c, which hold the given coordinates fixed; finite
//   Domain    on the rim of the ball or outside NaN; of X0 only the sign and size are used, it is
//             not checked to be on the hyperboloid
//   Throws    c10::ValueError: c, shapes (X has at least 2 coordinates), dtypes

[[nodiscard]] torch::Tensor ball_to_lorentz(const torch::Tensor& x, const Curvature& c,
                                            int64_t dim = -1);
[[nodiscard]] torch::Tensor lorentz_to_ball(const torch::Tensor& x, const Curvature& c,
                                            int64_t dim = -1);
[[nodiscard]] torch::Tensor ball_to_klein(const torch::Tensor& x, const Curvature& c,
                                          int64_t dim = -1);
[[nodiscard]] torch::Tensor klein_to_ball(const torch::Tensor& k, const Curvature& c,
                                          int64_t dim = -1);
[[nodiscard]] torch::Tensor lorentz_to_klein(const torch::Tensor& x, const Curvature& c,
                                             int64_t dim = -1);
[[nodiscard]] torch::Tensor klein_to_lorentz(const torch::Tensor& k, const Curvature& c,
                                             int64_t dim = -1);

}  // namespace gyroseg
