#include "manifolds/nn/prototype_classifier.h"

#include <cmath>
#include <utility>
#include <vector>

#include "manifolds/argument_checks.h"
#include "manifolds/nn/module_parameters.h"

namespace gyroseg {
namespace {

using torch::Tensor;

constexpr const char* kName = "PrototypeClassifier";

Tensor random_prototypes(int64_t dim, int64_t classes) {
  detail::check_sizes(kName, dim, classes);
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
    : manifold_(std::move(manifold)), temperature_(kName, *this, options.temperature) {
  TORCH_CHECK_VALUE(manifold_, kName, ": manifold is null");
  detail::check_floating(kName, "prototypes", given);
  TORCH_CHECK_VALUE(given.dim() == 2 && given.numel() > 0, kName,
                    ": prototypes must be [K,D], both at least 1, got ", given.sizes());
  TORCH_CHECK_VALUE(given.isfinite().all().item<bool>(), kName, ": prototypes must be finite, got ",
                    given.isfinite().logical_not().sum().item<int64_t>(), " others");
  const Tensor copy = given.detach().clone();
  prototypes =
      options.learn ? register_parameter("prototypes", copy) : register_buffer("prototypes", copy);
  detail::register_curvature(*this, *manifold_);
}

Tensor PrototypeClassifierImpl::forward(const Tensor& v) {
  detail::check_floating(kName, "v", v);
  TORCH_CHECK_VALUE(v.dim() >= 2 && v.size(1) == prototypes.size(1), kName,
                    ": v must have D = ", prototypes.size(1), " entries along dim 1, got ",
                    v.sizes());
  std::vector<int64_t> shape(v.dim(), 1);
  shape[1] = v.size(1);
  std::vector<Tensor> distances;
  for (const Tensor& w : prototypes.unbind(0))
    distances.push_back(manifold_->tangent_dist(v, w.view(shape), 1));
  return temperature_.divide(-torch::stack(distances, 1));
}

Tensor PrototypeClassifierImpl::forward_points(const Tensor& x) {
  detail::check_floating(kName, "x", x);
  const Tensor points = manifold_->embed(prototypes);
  TORCH_CHECK_VALUE(x.dim() >= 2 && x.size(1) == points.size(1), kName, ": x must have ",
                    points.size(1), " coordinates along dim 1, got ", x.sizes());
  const Tensor last = x.movedim(1, -1);
  auto shape = last.sizes().vec();
  shape.back() = points.size(0);
  const Tensor distances = manifold_->cdist(last.reshape({-1, points.size(1)}), points);
  return temperature_.divide(-distances.view(shape).movedim(-1, 1));
}

}  // namespace gyroseg
