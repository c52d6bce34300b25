#include "manifolds/nn/ganea_classifier.h"

#include <cmath>

#include "manifolds/nn/module_parameters.h"
#include "manifolds/poincare_operators.h"

namespace gyroseg {

GaneaClassifierImpl::GaneaClassifierImpl(int64_t dim, int64_t classes, const Curvature& c,
                                         HyperplanePoints form)
    : curvature_(c), form_(form) {
  detail::check_sizes("GaneaClassifier", dim, classes);
  const double deviation = 0.25 / std::sqrt(static_cast<double>(dim));
  normals = register_parameter("normals", torch::randn({classes, dim}) * deviation);
  offsets = register_parameter("offsets", torch::zeros({classes, dim}));
  detail::register_curvature(*this, curvature_);
}

torch::Tensor GaneaClassifierImpl::points() const {
  return form_ == HyperplanePoints::kBall ? offsets : poincare_expmap0(offsets, curvature_);
}

torch::Tensor GaneaClassifierImpl::forward(const torch::Tensor& x) {
  const auto p = points();
  // From the rounded p, as the operator sees it: its lambda_p must cancel this factor.
  const auto square = p.to(torch::kFloat64).square().sum(-1, true);
  const auto gap = 1 - curvature_.tensor() * square;
  return poincare_mlr(x, p, (gap * normals).to(normals.scalar_type()), curvature_, 1);
}

}  // namespace gyroseg
