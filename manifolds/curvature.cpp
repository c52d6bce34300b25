#include "manifolds/curvature.h"

#include "manifolds/argument_checks.h"

namespace gyroseg {

Curvature::Curvature(double c) : c_(torch::scalar_tensor(c, torch::kFloat64)) {
  detail::check_curvature("Curvature", c);
}

Curvature::Curvature(const torch::Tensor& c) : c_(c) {
  detail::check_floating("Curvature", "c", c);
  TORCH_CHECK_VALUE(c.dim() == 0, "Curvature: c must be a 0-dim tensor, got ", c.sizes());
}

Curvature Curvature::learnable(double c0) {
  Curvature curvature(c0);
  curvature.parameter_ = torch::zeros({}, torch::kFloat64).requires_grad_(true);
  return curvature;
}

torch::Tensor Curvature::tensor() const {
  return parameter_.defined() ? c_.to(parameter_.device()) * parameter_.exp() : c_;
}

double Curvature::value() const { return tensor().item<double>(); }

}  // namespace gyroseg
