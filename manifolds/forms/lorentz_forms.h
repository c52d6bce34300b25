#pragma once

#include <torch/types.h>

#include "manifolds/forms/operands.h"

namespace gyroseg::detail {

/// Below this sqrt(c)|Xs| a point counts as near the origin: there the plain forms cancel by no
/// more than 1 %, while directions Xs/|Xs| lose their smoothness; beyond, it is the other way
/// round.
inline constexpr double kNearOrigin = 0.1;

/// A point of the hyperboloid by its space part; dim is kept throughout.
struct LorentzPoint {
  torch::Tensor space;      ///< Xs
  torch::Tensor square;     ///< c|Xs|^2
  torch::Tensor time;       ///< X0
  torch::Tensor far;        ///< whether the point is away from the origin
  torch::Tensor length;     ///< sqrt(c)|Xs| of a far point, else 1
  torch::Tensor direction;  ///< Xs/|Xs| of a far point

  LorentzPoint(const char* op, const Operands& in, size_t argument, const torch::Tensor& c);

  /// <U,V>_L of tangent vectors at the point, by their space parts.
  [[nodiscard]] torch::Tensor product(const Operands& in, const torch::Tensor& us,
                                      const torch::Tensor& vs, const torch::Tensor& c) const;
};

/// Two points; x is argument 0 and y argument 1.
struct LorentzPoints {
  LorentzPoint x, y;
  torch::Tensor both_far;
  torch::Tensor turn;        ///< yh - xh of far points
  torch::Tensor sinh_climb;  ///< sinh(R_y - R_x), R the radii in units of 1/sqrt(c), of far points
  torch::Tensor u;           ///< c|X-Y|_L^2/4, right at every radius

  LorentzPoints(const char* op, const Operands& in, const torch::Tensor& c);

  /// (sqrt(c) d)^2
  [[nodiscard]] torch::Tensor length2() const;
  /// <Y,V>_L of a tangent vector at x by its space part.
  [[nodiscard]] torch::Tensor on_y(const Operands& in, const torch::Tensor& vs,
                                   const torch::Tensor& c) const;
};

/// Space part of argument i.
torch::Tensor space_part(const char* op, const Operands& in, size_t argument);

/// The point with this space part.
torch::Tensor lifted(const Operands& in, const torch::Tensor& space, const torch::Tensor& c);

}  // namespace gyroseg::detail
