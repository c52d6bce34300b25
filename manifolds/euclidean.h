#pragma once

#include "manifolds/manifold.h"

namespace gyroseg {

/// R^D with its own metric: embed(v) = v. The twin of the ball: same parameters, same logit scale.
///
///   tangent_dist  |v - w|, gradient 0 where v == w
///   logits        4 (<v,z> - r|z|), the limit c -> 0 of the ball's (HNN++ in hyperbolic.md section
///                 1), so that geometry is the only thing that differs between the two
///   Means         both are the weighted mean
///   Source        derivations.md B6; hyperbolic.md, "As c -> 0"
class Euclidean final : public Manifold {
 public:
  using Tensor = torch::Tensor;
  using Weights = std::optional<torch::Tensor>;

  [[nodiscard]] std::string kind() const override { return "euclidean"; }
  [[nodiscard]] double curvature() const override { return 0.0; }
  [[nodiscard]] double lambda0() const override { return 1.0; }

  [[nodiscard]] Tensor tangent_dist(const Tensor& v, const Tensor& w,
                                    int64_t dim = -1) const override;
  [[nodiscard]] TangentDistance tangent_distance() const override { return TangentDistance::norm; }
  [[nodiscard]] Tensor logits(const Tensor& v, const Tensor& normals, const Tensor& offsets,
                              int64_t dim = -1) const override;
  [[nodiscard]] Tensor embed(const Tensor& v, int64_t dim = -1) const override;
  [[nodiscard]] Tensor unembed(const Tensor& x, int64_t dim = -1) const override;

  [[nodiscard]] Tensor origin(int64_t coordinates,
                              const torch::TensorOptions& options) const override;
  [[nodiscard]] Projection project(const Tensor& x, int64_t dim = -1) const override;
  [[nodiscard]] Tensor project_tangent(const Tensor& x, const Tensor& v,
                                       int64_t dim = -1) const override;
  [[nodiscard]] Tensor inner(const Tensor& x, const Tensor& u, const Tensor& v,
                             int64_t dim = -1) const override;
  [[nodiscard]] Tensor rgrad(const Tensor& x, const Tensor& egrad, int64_t dim = -1) const override;
  [[nodiscard]] Tensor expmap(const Tensor& x, const Tensor& v, int64_t dim = -1) const override;
  [[nodiscard]] Tensor logmap(const Tensor& x, const Tensor& y, int64_t dim = -1) const override;
  [[nodiscard]] Tensor dist(const Tensor& x, const Tensor& y, int64_t dim = -1) const override;
  [[nodiscard]] Tensor sqdist(const Tensor& x, const Tensor& y, int64_t dim = -1) const override;
  [[nodiscard]] Tensor cdist(const Tensor& x, const Tensor& y) const override;
  [[nodiscard]] Tensor geodesic(const Tensor& t, const Tensor& x, const Tensor& y,
                                int64_t dim = -1) const override;
  [[nodiscard]] Tensor transport(const Tensor& x, const Tensor& y, const Tensor& v,
                                 int64_t dim = -1) const override;
  [[nodiscard]] Tensor midpoint(const Tensor& x, const Weights& weights = std::nullopt,
                                int64_t along = -2, int64_t dim = -1) const override;
  [[nodiscard]] Tensor frechet_mean(const Tensor& x, const Weights& weights = std::nullopt,
                                    int64_t along = -2, int64_t dim = -1) const override;
};

}  // namespace gyroseg
