#pragma once

#include <utility>

#include "manifolds/manifold.h"

namespace gyroseg {

/// Open ball { x : c|x|^2 < 1 } with metric lambda(x)^2 <.,.>, lambda(x) = 2/(1 - c|x|^2).
///
///   From v   embed(v) = exp0(v) = tanh(sqrt(c)|v|) v/(sqrt(c)|v|), at hyperbolic distance 2|v|
///            from the origin. tangent_dist and logits never form it: float32 reaches radius 80 and
///            beyond
///   Points   float32 resolves them to hyperbolic radius 16, float64 to 35
///   Tangent  vectors in ball coordinates: their length is lambda(x)|v|
///   Limits   c -> 0: tangent_dist, dist -> 2|v - w|, logits -> 4 (<v,z> - r|z|), expmap -> x + v
///   Means    the gyromidpoint, equal to the hyperboloid's centroid; means.h
///   See      polar_dist.h, polar_mlr.h, poincare_operators.h, mobius.h
class PoincareBall final : public Manifold {
 public:
  using Tensor = torch::Tensor;
  using Weights = std::optional<torch::Tensor>;

  explicit PoincareBall(Curvature c) : c_(std::move(c)) {}

  [[nodiscard]] std::string kind() const override { return "poincare"; }
  [[nodiscard]] double curvature() const override { return c_.value(); }
  [[nodiscard]] std::optional<Curvature> curvature_parameter() const override { return c_; }
  [[nodiscard]] double lambda0() const override { return 2.0; }

  [[nodiscard]] Tensor tangent_dist(const Tensor& v, const Tensor& w,
                                    int64_t dim = -1) const override;
  [[nodiscard]] TangentDistance tangent_distance() const override { return TangentDistance::polar; }
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
  [[nodiscard]] Tensor transport0(const Tensor& y, const Tensor& v,
                                  int64_t dim = -1) const override;
  [[nodiscard]] Tensor expmap0(const Tensor& v, int64_t dim = -1) const override;
  [[nodiscard]] Tensor logmap0(const Tensor& y, int64_t dim = -1) const override;
  [[nodiscard]] Tensor midpoint(const Tensor& x, const Weights& weights = std::nullopt,
                                int64_t along = -2, int64_t dim = -1) const override;
  [[nodiscard]] Tensor frechet_mean(const Tensor& x, const Weights& weights = std::nullopt,
                                    int64_t along = -2, int64_t dim = -1) const override;

 private:
  Curvature c_;
};

}  // namespace gyroseg
