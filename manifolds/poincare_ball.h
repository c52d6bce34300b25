#pragma once

#include "manifolds/manifold.h"

namespace gyroseg {

/// Open ball { x : c|x|^2 < 1 } with metric lambda(x)^2 <.,.>, lambda(x) = 2/(1 - c|x|^2).
///
///   Points   x = exp0(v) = tanh(sqrt(c)|v|) v/(sqrt(c)|v|), at hyperbolic distance 2|v| from the
///            origin; ball coordinates are never formed, so float32 reaches radius 80 and beyond
///   Limits   c -> 0: tangent_dist -> 2|v - w|, logits -> 4 (<v,z> - r|z|)
///   See      polar_dist.h, polar_mlr.h
class PoincareBall final : public Manifold {
 public:
  /// Throws c10::ValueError unless c is finite and > 0.
  explicit PoincareBall(double c);

  [[nodiscard]] torch::Tensor tangent_dist(const torch::Tensor& v, const torch::Tensor& w,
                                           int64_t dim = -1) const override;
  [[nodiscard]] torch::Tensor logits(const torch::Tensor& v, const torch::Tensor& normals,
                                     const torch::Tensor& offsets, int64_t dim = -1) const override;
  [[nodiscard]] double lambda0() const override { return 2.0; }
  [[nodiscard]] std::string kind() const override { return "poincare"; }
  [[nodiscard]] double curvature() const override { return c_; }

 private:
  double c_;
};

}  // namespace gyroseg
