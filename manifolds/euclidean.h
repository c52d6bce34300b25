#pragma once

#include "manifolds/manifold.h"

namespace gyroseg {

/// R^D with its own metric: exp0(v) = v. The twin of the ball: same parameters, same logit scale.
///
///   tangent_dist  |v - w|, gradient 0 where v == w
///   logits        4 (<v,z> - r|z|), the limit c -> 0 of the ball's (HNN++ in hyperbolic.md section
///                 1), so that geometry is the only thing that differs between the two
///   Source        derivations.md B6; hyperbolic.md, "As c -> 0"
class Euclidean final : public Manifold {
 public:
  [[nodiscard]] torch::Tensor tangent_dist(const torch::Tensor& v, const torch::Tensor& w,
                                           int64_t dim = -1) const override;
  [[nodiscard]] torch::Tensor logits(const torch::Tensor& v, const torch::Tensor& normals,
                                     const torch::Tensor& offsets, int64_t dim = -1) const override;
  [[nodiscard]] double lambda0() const override { return 1.0; }
  [[nodiscard]] std::string kind() const override { return "euclidean"; }
  [[nodiscard]] double curvature() const override { return 0.0; }
};

}  // namespace gyroseg
