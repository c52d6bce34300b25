#include "manifolds/euclidean.h"

#include "manifolds/argument_checks.h"

namespace gyroseg {

torch::Tensor Euclidean::tangent_dist(const torch::Tensor& v, const torch::Tensor& w,
                                      int64_t dim) const {
  const int64_t reduced = detail::check_pair("Euclidean::tangent_dist", "v", v, "w", w, dim);
  return at::linalg_vector_norm(v - w, 2, reduced);  // its gradient at 0 is 0
}

torch::Tensor Euclidean::logits(const torch::Tensor& v, const torch::Tensor& normals,
                                const torch::Tensor& offsets, int64_t dim) const {
  const int64_t front = detail::check_hyperplanes("Euclidean::logits", v, normals, offsets, dim);
  const auto type = at::promote_types(v.scalar_type(), at::result_type(normals, offsets));
  const auto x = v.to(type);
  const auto weight = 4 * normals.to(type);
  const auto bias = -offsets.to(type) * at::linalg_vector_norm(weight, 2, 1);
  if (v.dim() == 4 && front == 1) return at::conv2d(x, weight.unsqueeze(-1).unsqueeze(-1), bias);
  return at::linear(x.movedim(front, -1), weight, bias).movedim(-1, front);
}

}  // namespace gyroseg
