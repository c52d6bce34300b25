#include "manifolds/nn/classifier.h"

#include <cmath>
#include <utility>

#include "manifolds/nn/module_parameters.h"

namespace gyroseg {

HyperplaneClassifierImpl::HyperplaneClassifierImpl(int64_t dim, int64_t classes,
                                                   std::shared_ptr<const Manifold> manifold)
    : manifold_(std::move(manifold)) {
  detail::check_sizes("HyperplaneClassifier", dim, classes);
  TORCH_CHECK_VALUE(manifold_, "HyperplaneClassifier: manifold is null");
  const double deviation = 0.25 / std::sqrt(static_cast<double>(dim));
  normals = register_parameter("normals", torch::randn({classes, dim}) * deviation);
  offsets = register_parameter("offsets", torch::zeros({classes}));
  detail::register_curvature(*this, *manifold_);
}

torch::Tensor HyperplaneClassifierImpl::forward(const torch::Tensor& v) {
  return manifold_->logits(v, normals, offsets, 1);
}

}  // namespace gyroseg
