#pragma once

#include "manifolds/manifold.h"

namespace gyroseg {

/// The unit sphere in R^D, D >= 2, metric <.,.>: embed(v) = v/|v|.
///
///   From v   tangent_dist as chosen: cosine, 1 - cos(v,w) in [0,2], as HSSN uses it (Li et al.
///            2022), or geodesic, the angle in [0,pi]. Both from |vh - wh|, so near pairs keep
///            their digits. The cosine distance has no triangle inequality
///   logits   4 (<vh,z> - r|z|), the Euclidean twin on unit vectors: same parameters, same scale
///   Points   unit vectors; dist, sqdist, cdist are geodesic whatever tangent_dist is
///   Origin   the pole e_1, for expmap0 and its kin only: embed(v) has no origin
///   Cut      antipodal points: dist is pi with gradient 0, logmap 0, transport leaves v as it is,
///            geodesic and means NaN or any
///   v = 0    has no direction: embed gives 0, which is no point; it is at the cosine distance of
///            orthogonal vectors from every other, at 0 from itself; gradients 0
///   Curvature 1, so curvature() is -1
class Sphere final : public Manifold {
 public:
  using Tensor = torch::Tensor;
  using Weights = std::optional<torch::Tensor>;
  enum class Distance { cosine, geodesic };

  explicit Sphere(Distance distance = Distance::cosine) : distance_(distance) {}

  [[nodiscard]] std::string kind() const override { return "sphere"; }
  [[nodiscard]] double curvature() const override { return -1.0; }
  [[nodiscard]] double lambda0() const override { return 1.0; }
  /// The cosine distance is taken as it is: HSSN's margins are made for it.
  [[nodiscard]] double margin_scale() const override {
    return distance_ == Distance::cosine ? 1.0 : 2.0;
  }
  [[nodiscard]] Distance distance() const { return distance_; }

  [[nodiscard]] Tensor tangent_dist(const Tensor& v, const Tensor& w,
                                    int64_t dim = -1) const override;
  [[nodiscard]] TangentDistance tangent_distance() const override {
    return distance_ == Distance::cosine ? TangentDistance::cosine : TangentDistance::other;
  }
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
  Distance distance_;
};

}  // namespace gyroseg
