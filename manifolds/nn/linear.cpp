#include "manifolds/nn/linear.h"

#include <cmath>

#include "manifolds/nn/module_parameters.h"
#include "manifolds/poincare_operators.h"
#include "manifolds/polar_linear.h"

namespace gyroseg {

PoincareLinearImpl::PoincareLinearImpl(int64_t in, int64_t out, const Curvature& c)
    : curvature_(c) {
  TORCH_CHECK_VALUE(in >= 1 && out >= 1, "PoincareLinear: D and K must be at least 1, got D = ", in,
                    ", K = ", out);
  const double deviation = 0.5 / std::sqrt(static_cast<double>(out));
  normals = register_parameter("normals", torch::randn({out, in}) * deviation);
  offsets = register_parameter("offsets", torch::zeros({out}));
  detail::register_curvature(*this, curvature_);
}

torch::Tensor PoincareLinearImpl::forward(const torch::Tensor& v) {
  return polar_linear(v, normals, offsets, curvature_, 1);
}

torch::Tensor PoincareLinearImpl::forward_points(const torch::Tensor& x) {
  return poincare_expmap0(forward(poincare_logmap0(x, curvature_, 1)), curvature_, 1);
}

}  // namespace gyroseg
