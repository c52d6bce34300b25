#include "manifolds/manifold.h"

#include "manifolds/argument_checks.h"
#include "manifolds/euclidean.h"
#include "manifolds/lorentz.h"
#include "manifolds/poincare_ball.h"
#include "manifolds/sphere.h"

namespace gyroseg {
namespace {

using torch::Tensor;

/// The origin with as many coordinates as x has along dim, which it lies along: it broadcasts to x.
Tensor origin_like(const Manifold& space, const Tensor& x, int64_t dim) {
  detail::check_floating("Manifold", "x", x);
  const int64_t front = detail::front_dim("Manifold", dim, x.dim());
  const Tensor origin = space.origin(x.size(front), x.options().requires_grad(false));
  std::vector<int64_t> shape(static_cast<size_t>(x.dim() - front), 1);
  shape[0] = x.size(front);
  return origin.view(shape);
}

}  // namespace

Tensor Manifold::expmap0(const Tensor& v, int64_t dim) const {
  return expmap(origin_like(*this, v, dim), v, dim);
}

Tensor Manifold::logmap0(const Tensor& y, int64_t dim) const {
  return logmap(origin_like(*this, y, dim), y, dim);
}

Tensor Manifold::dist0(const Tensor& y, int64_t dim) const {
  return dist(origin_like(*this, y, dim), y, dim);
}

Tensor Manifold::transport0(const Tensor& y, const Tensor& v, int64_t dim) const {
  return transport(origin_like(*this, y, dim), y, v, dim);
}

std::shared_ptr<const Manifold> make_manifold(const std::string& kind, const Curvature& c) {
  if (kind == "euclidean") return std::make_shared<const Euclidean>();
  if (kind == "sphere") return std::make_shared<const Sphere>();
  if (kind == "lorentz") return std::make_shared<const Lorentz>(c);
  TORCH_CHECK_VALUE(kind == "poincare",
                    "make_manifold: kind must be euclidean | sphere | poincare | lorentz, got ",
                    kind);
  return std::make_shared<const PoincareBall>(c);
}

}  // namespace gyroseg
