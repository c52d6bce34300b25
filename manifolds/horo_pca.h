#pragma once

#include <torch/types.h>

#include <cstdint>
#include <optional>

namespace gyroseg {

/// HoroPCA (Chami et al. 2021, 2106.03306) of points of the ball to the disc: directions are ideal
/// points q, a point's coordinate along q is its Busemann function, and points move to the disc
/// through the base and both directions along horospheres, which keeps their Busemann coordinates.
///
///   Symbols    N points, D coordinates, c > 0 curvature parameter of the ball c|x|^2 < 1
///   Objective  first q1, then q2 orthogonal to it: each the direction with the largest mean squared
///              distance of all pairs of projected points (the paper's variance). Conjugate
///              gradients on the sphere from the axes of tangent PCA in both senses; the best is kept
///   Sides      two points of the disc have the Busemann coordinates of x. The objective takes, as
///              the paper does, the one on the base's side of the geodesic from q1 to q2: it is
///              continuous, but folds the rest of the disc. The picture takes the one on the side
///              of x, so that points of the disc stay where they are
///   Accuracy   float64 inside, hyperbolic radius up to 35
struct HoroPca {
  torch::Tensor base;        ///< [D] float64 point of the ball, moved to the disc's centre
  torch::Tensor directions;  ///< [2,D] float64 orthonormal, seen from the base
  /// Sum of squared distances of the pairs in the picture over those of the points; a distance
  /// that grew counts as it was. In [0, 1].
  double explained = 1;
};

struct HoroPcaOptions {
  std::optional<torch::Tensor> base = std::nullopt;  ///< [D] point; nothing: the Frechet mean
  std::int64_t fit_points = 400;  ///< pairs of so many points at most, spread evenly over the rows
  std::int64_t steps = 100;       ///< at most, for each start
};

/// x: [N,D] points of the ball, any floating dtype, D >= 2. The same for rotated points, rotated.
/// Throws c10::ValueError: no points, D < 2, c, a base of another size, options < 1.
[[nodiscard]] HoroPca horo_pca(const torch::Tensor& x, double c, const HoroPcaOptions& options = {});

/// Points x [N,D] of the ball -> [N,2] float64 points of the disc c|z|^2 < 1.
[[nodiscard]] torch::Tensor horo_project(const HoroPca& pca, const torch::Tensor& x, double c);

}  // namespace gyroseg
