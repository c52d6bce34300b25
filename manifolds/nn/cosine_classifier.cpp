#include "manifolds/nn/cosine_classifier.h"

#include "manifolds/argument_checks.h"
#include "manifolds/nn/module_parameters.h"

namespace gyroseg {
namespace {

using torch::Tensor;

constexpr const char* kCosineClassifier = "CosineClassifier";

/// 1/|x| along dim, which is kept; 0, with gradient 0, where x = 0.
Tensor inverse_length(const Tensor& x, int64_t dim) {
  const Tensor length = at::linalg_vector_norm(x, 2, dim, /*keepdim=*/true);
  const Tensor none = length == 0;
  return at::where(none, 0, at::where(none, 1, length).reciprocal());
}

/// sum over D, dim 1 of v, of v w_k.
Tensor products(const Tensor& v, const Tensor& w) {
  if (v.dim() == 4) return at::conv2d(v, w.unsqueeze(-1).unsqueeze(-1));
  return at::linear(v.movedim(1, -1), w).movedim(-1, 1);
}

}  // namespace

CosineClassifierImpl::CosineClassifierImpl(int64_t dim, int64_t classes,
                                           const TemperatureOptions& temperature)
    : temperature_(kCosineClassifier, *this, temperature) {
  detail::check_sizes(kCosineClassifier, dim, classes);
  const auto normal = torch::randn({classes, dim});
  directions = register_parameter("directions", normal * inverse_length(normal, 1));
}

Tensor CosineClassifierImpl::forward(const Tensor& v) {
  detail::check_floating(kCosineClassifier, "v", v);
  TORCH_CHECK_VALUE(v.dim() >= 2 && v.size(1) == directions.size(1), kCosineClassifier,
                    ": v must have D = ", directions.size(1), " entries along dim 1, got ",
                    v.sizes());
  const auto type = at::promote_types(v.scalar_type(), directions.scalar_type());
  const Tensor x = v.to(type), w = directions.to(type);
  return temperature_.divide(products(x, w * inverse_length(w, 1)) * inverse_length(x, 1));
}

}  // namespace gyroseg
