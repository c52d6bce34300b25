#pragma once

#include <utility>

#include "manifolds/manifold.h"

namespace gyroseg {

/// The hyperboloid { X in R^(D+1) : -X0^2 + |Xs|^2 = -1/c, X0 > 0 }, X0 first: the ball's geometry
/// in other coordinates, which grow with the radius instead of crowding at a rim.
///
///   From v   embed(v) is the hyperboloid's image of the ball's exp0(v), at hyperbolic distance
///            2|v| from the origin: Xs = sinh(2 sqrt(c)|v|)/(sqrt(c)|v|) v. tangent_dist and logits
///            are the ball's, and never form it
///   Points   float32 holds sqrt(c) R to 88, float64 to 350; farther out coordinates are infinite
///   Tangent  vectors in R^(D+1) with <X,V>_L = 0; at the origin [0, v], where the metric is |v|^2
///   Project  sets X0; Means are taken in the ball, in float64: hyperbolic radius up to 35
///   See      lorentz_maps.h, lorentz_operators.h, polar_dist.h, polar_mlr.h, means.h
class Lorentz final : public Manifold {
 public:
  using Tensor = torch::Tensor;
  using Weights = std::optional<torch::Tensor>;

  explicit Lorentz(Curvature c) : c_(std::move(c)) {}

  [[nodiscard]] std::string kind() const override { return "lorentz"; }
  [[nodiscard]] double curvature() const override { return c_.value(); }
  [[nodiscard]] std::optional<Curvature> curvature_parameter() const override { return c_; }
  [[nodiscard]] double lambda0() const override { return 2.0; }
  [[nodiscard]] int64_t coordinates(int64_t outputs) const override { return outputs + 1; }

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
  [[nodiscard]] Tensor midpoint(const Tensor& x, const Weights& weights = std::nullopt,
                                int64_t along = -2, int64_t dim = -1) const override;
  [[nodiscard]] Tensor frechet_mean(const Tensor& x, const Weights& weights = std::nullopt,
                                    int64_t along = -2, int64_t dim = -1) const override;

 private:
  Curvature c_;
};

}  // namespace gyroseg
