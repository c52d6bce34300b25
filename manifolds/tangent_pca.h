#pragma once

#include <torch/types.h>

#include <cstdint>
#include <optional>

#include "manifolds/manifold.h"

namespace gyroseg {

/// Principal components in the tangent space at one point of a space: points are seen by their
/// logarithms there, so distances from the base are true and others are not. In Euclidean space,
/// with the mean as base, this is principal component analysis.
///
///   Symbols  N points, A coordinates of one (Manifold), K components
struct TangentPca {
  torch::Tensor base;    ///< [A] float64 point
  torch::Tensor axes;    ///< [K,A] float64 orthonormal directions at the origin, the longest first;
                         ///< the tangent space at the base is carried there along the geodesic
  double explained = 1;  ///< share of the sum of squared distances from the base, in [0, 1]
};

/// Axes of largest squared extent about the base. Their signs are those that make the coordinates
/// skewed to the positive side, so that a rotated set of points has the same coordinates.
///
///   x       [N,A] points, any floating dtype; float64 inside
///   base    [A]; nothing: the Frechet mean of x
///   Throws  c10::ValueError: no points, K < 1, fewer coordinates than K, a base of another size
[[nodiscard]] TangentPca tangent_pca(const Manifold& manifold, const torch::Tensor& x,
                                     std::int64_t components = 2,
                                     const std::optional<torch::Tensor>& base = std::nullopt);

/// Coordinates [N,K] float64 of points x [N,A], in units of geodesic length: their norm is the
/// distance from the base where nothing is lost. The flat picture of a 2-D space; in the disc the
/// point is expmap0 of half of it (hyperbolic lengths at the origin are twice Euclidean ones).
[[nodiscard]] torch::Tensor tangent_coordinates(const Manifold& manifold, const TangentPca& pca,
                                                const torch::Tensor& x);

}  // namespace gyroseg
