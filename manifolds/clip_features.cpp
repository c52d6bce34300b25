#include "manifolds/clip_features.h"

#include <cmath>

#include "manifolds/forms/operands.h"

namespace gyroseg {

torch::Tensor clip_features(const torch::Tensor& v, double r, int64_t dim) {
  TORCH_CHECK_VALUE(std::isfinite(r) && r > 0, "clip_features: r must be finite and > 0, got ", r);
  const detail::Operands in("clip_features", {{"v", v}}, dim);
  const torch::Tensor length = at::linalg_vector_norm(in[0], 2, in.dim(), true);
  const torch::Tensor factor = torch::where(length > r, r / length.clamp_min(r), 1.0);
  return in.narrow(factor * in[0]);
}

}  // namespace gyroseg
