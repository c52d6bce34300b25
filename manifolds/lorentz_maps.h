#pragma once

#include <torch/types.h>

#include <cstdint>

#include "manifolds/curvature.h"

namespace gyroseg {

// Riemannian maps of the hyperboloid { X : -X0^2 + |Xs|^2 = -1/c, X0 > 0 } with the metric that
// <U,V>_L = -U0 V0 + <Us,Vs> induces. The distance: lorentz_operators.h.
//
//   Symbols   X, Y    points [X0, Xs], X0 first along `dim`, D + 1 coordinates
//             U, V    tangent vectors at X: <X,V>_L = 0
//   X0, V0    of points and tangent vectors are not read: X0 = sqrt(1/c + |Xs|^2) and V0 =
//             <Xs,Vs>/X0 come from the space parts, so no drift off the hyperboloid matters. Only
//             `lorentz_rgrad` and `lorentz_project_tangent` read a 0-th component, of an ambient
//             vector
//   Accuracy  along a ray to rounding; across it to the rounding of the coordinates times e^R at
//             hyperbolic radius R (an angle's rounding moves a point that far, and turns a tangent
//             vector as much): float64 resolves directions to sqrt(c) R = 35, float32 to 15.
//             Lengths are never formed as -V0^2 + |Vs|^2, which would lose e^(2R)
//   Dtypes    float64, float32, bfloat16, half; float64 inside. Coordinates grow as e^(sqrt(c) R):
//             float32 holds sqrt(c) R to 88, float64 to 350
//   Grads     by autograd, for c too with the space parts held fixed; finite at coincident points
//             and at the origin. No double backward where a distance is used (log, geodesic,
//             transport)
//   Throws    c10::ValueError: c, shapes (at least 2 coordinates), dtypes, devices

/// The point with this space part: [sqrt(1/c + |Xs|^2), Xs], D coordinates -> D + 1.
[[nodiscard]] torch::Tensor lorentz_lift(const torch::Tensor& space, const Curvature& c,
                                         int64_t dim = -1);

/// Orthogonal projection of an ambient vector: V + c <X,V>_L X.
[[nodiscard]] torch::Tensor lorentz_project_tangent(const torch::Tensor& x, const torch::Tensor& v,
                                                    const Curvature& c, int64_t dim = -1);

/// Riemannian gradient from the Euclidean one: the projection of [-e0, es].
[[nodiscard]] torch::Tensor lorentz_rgrad(const torch::Tensor& x, const torch::Tensor& egrad,
                                          const Curvature& c, int64_t dim = -1);

/// <U,V>_L of tangent vectors at X, >= 0 for U = V; dim kept with size 1.
[[nodiscard]] torch::Tensor lorentz_inner(const torch::Tensor& x, const torch::Tensor& u,
                                          const torch::Tensor& v, const Curvature& c,
                                          int64_t dim = -1);

/// cosh(sqrt(c)|V|) X + sinh(sqrt(c)|V|)/(sqrt(c)|V|) V.
[[nodiscard]] torch::Tensor lorentz_expmap(const torch::Tensor& x, const torch::Tensor& v,
                                           const Curvature& c, int64_t dim = -1);

/// phi(u)/sqrt(1+u) (Y - X - 2u X), u = c|X-Y|_L^2/4.
[[nodiscard]] torch::Tensor lorentz_logmap(const torch::Tensor& x, const torch::Tensor& y,
                                           const Curvature& c, int64_t dim = -1);

/// Squared distance 4 u phi(u)^2/c, smooth at X == Y.
[[nodiscard]] torch::Tensor lorentz_sqdist(const torch::Tensor& x, const torch::Tensor& y,
                                           const Curvature& c, int64_t dim = -1);

/// [sinh((1-t)D) X + sinh(tD) Y]/sinh D, D = sqrt(c) d(X,Y). t as in poincare_geodesic.
[[nodiscard]] torch::Tensor lorentz_geodesic(const torch::Tensor& t, const torch::Tensor& x,
                                             const torch::Tensor& y, const Curvature& c,
                                             int64_t dim = -1);

/// Parallel transport V + c <Y,V>_L/(2(1+u)) (X + Y).
[[nodiscard]] torch::Tensor lorentz_transport(const torch::Tensor& x, const torch::Tensor& y,
                                              const torch::Tensor& v, const Curvature& c,
                                              int64_t dim = -1);

}  // namespace gyroseg
