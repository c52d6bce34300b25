#include "manifolds/nn/prototype_classifier.h"

#include <torch/utils.h>

#include <cmath>
#include <utility>
#include <vector>

#include "manifolds/argument_checks.h"
#include "manifolds/nn/module_parameters.h"

namespace gyroseg {
namespace {

using torch::Tensor;

constexpr const char* kPrototypeClassifier = "PrototypeClassifier";

/// Hyperbolic radius to which distances of float64 points are right to the digits of float32: they
/// lose e^R of 1e-16.
constexpr double kPointRadius = 16;

Tensor random_prototypes(int64_t dim, int64_t classes) {
  detail::check_sizes(kPrototypeClassifier, dim, classes);
  return torch::randn({classes, dim}) / std::sqrt(static_cast<double>(dim));
}

}  // namespace

PrototypeClassifierImpl::PrototypeClassifierImpl(int64_t dim, int64_t classes,
                                                 std::shared_ptr<const Manifold> manifold,
                                                 const PrototypeOptions& options)
    : PrototypeClassifierImpl(random_prototypes(dim, classes), std::move(manifold), options) {}

PrototypeClassifierImpl::PrototypeClassifierImpl(const Tensor& given,
                                                 std::shared_ptr<const Manifold> manifold,
                                                 const PrototypeOptions& options)
    : manifold_(std::move(manifold)), temperature_(kPrototypeClassifier, *this, options.temperature) {
  TORCH_CHECK_VALUE(manifold_, kPrototypeClassifier, ": manifold is null");
  detail::check_floating(kPrototypeClassifier, "prototypes", given);
  TORCH_CHECK_VALUE(given.dim() == 2 && given.numel() > 0, kPrototypeClassifier,
                    ": prototypes must be [K,D], both at least 1, got ", given.sizes());
  TORCH_CHECK_VALUE(given.isfinite().all().item<bool>(), kPrototypeClassifier, ": prototypes must be finite, got ",
                    given.isfinite().logical_not().sum().item<int64_t>(), " others");
  const Tensor copy = given.detach().clone();
  prototypes =
      options.learn ? register_parameter("prototypes", copy) : register_buffer("prototypes", copy);
  detail::register_curvature(*this, *manifold_);
}

bool PrototypeClassifierImpl::points_suffice(const Tensor& v) const {
  const auto c = manifold_->curvature_parameter();
  if (!c) return true;
  if (v.scalar_type() == torch::kFloat64 || v.numel() == 0) return false;
  const torch::NoGradGuard no_grad;
  const Tensor longest = at::maximum(at::linalg_vector_norm(v, 2, 1).max(),
                                     at::linalg_vector_norm(prototypes, 2, 1).max());
  return 2 * std::sqrt(c->value()) * longest.item<double>() <= kPointRadius;
}

Tensor PrototypeClassifierImpl::by_points(const Tensor& x, const Tensor& points) const {
  const Tensor last = x.movedim(1, -1);
  auto shape = last.sizes().vec();
  shape.back() = points.size(0);
  return manifold_->cdist(last.reshape({-1, points.size(1)}), points).view(shape).movedim(-1, 1);
}

Tensor PrototypeClassifierImpl::forward(const Tensor& v) {
  detail::check_floating(kPrototypeClassifier, "v", v);
  TORCH_CHECK_VALUE(v.dim() >= 2 && v.size(1) == prototypes.size(1), kPrototypeClassifier,
                    ": v must have D = ", prototypes.size(1), " entries along dim 1, got ",
                    v.sizes());
  const auto type = at::promote_types(v.scalar_type(), prototypes.scalar_type());
  if (points_suffice(v)) {
    const auto embed = [&](const Tensor& t, int64_t dim) {
      return manifold_->embed(t.to(torch::kFloat64), dim);
    };
    return temperature_.divide(-by_points(embed(v, 1), embed(prototypes, 1)).to(type));
  }
  std::vector<int64_t> shape(v.dim(), 1);
  shape[1] = v.size(1);
  std::vector<Tensor> distances;
  for (const Tensor& w : prototypes.unbind(0))
    distances.push_back(manifold_->tangent_dist(v, w.view(shape), 1));
  return temperature_.divide(-torch::stack(distances, 1));
}

Tensor PrototypeClassifierImpl::forward_points(const Tensor& x) {
  detail::check_floating(kPrototypeClassifier, "x", x);
  const Tensor points = manifold_->embed(prototypes);
  TORCH_CHECK_VALUE(x.dim() >= 2 && x.size(1) == points.size(1), kPrototypeClassifier, ": x must have ",
                    points.size(1), " coordinates along dim 1, got ", x.sizes());
  return temperature_.divide(-by_points(x, points));
}

}  // namespace gyroseg
