#include "manifolds/tangent_pca.h"

#include <torch/types.h>
#include <torch/utils.h>

#include <cmath>

#include "manifolds/argument_checks.h"
#include "manifolds/forms/axis_sign.h"

namespace gyroseg {
namespace {

using torch::Tensor;

constexpr const char* kTangentPca = "tangent_pca";

// Logarithms at the base, carried to the origin, where the tangent space is Euclidean but for one
// scale: rows whose norms are the distances from the base.
Tensor logarithms_at(const Manifold& manifold, const Tensor& base, const Tensor& x) {
  const Tensor points = x.to(torch::kFloat64);
  const Tensor origin = manifold.origin(points.size(1), points.options());
  const Tensor u = manifold.transport(base.unsqueeze(0), origin.unsqueeze(0),
                                      manifold.logmap(base.unsqueeze(0), points));
  Tensor unit = torch::zeros_like(origin);
  unit[-1] = 1;  // tangent at the origin of every space: poles lie along the first axis
  return u * manifold.inner(origin, unit, unit).sqrt();
}

}  // namespace

TangentPca tangent_pca(const Manifold& manifold, const Tensor& x, std::int64_t components,
                       const std::optional<Tensor>& base) {
  detail::check_floating(kTangentPca, "x", x);
  TORCH_CHECK_VALUE(x.dim() == 2 && x.size(0) > 0, kTangentPca, ": x must be [N,A] with N > 0, got ",
                    x.sizes());
  TORCH_CHECK_VALUE(components >= 1 && components <= x.size(1), kTangentPca,
                    ": expected 1 to ", x.size(1), " components, got ", components);
  TORCH_CHECK_VALUE(!base || (base->dim() == 1 && base->size(0) == x.size(1)), kTangentPca,
                    ": base must be [", x.size(1), "]");
  const torch::NoGradGuard no_grad;
  TangentPca pca;
  pca.base = base ? base->to(torch::kFloat64) : manifold.frechet_mean(x.to(torch::kFloat64));
  const Tensor u = logarithms_at(manifold, pca.base, x);
  const auto [values, vectors] = at::linalg_eigh(u.t().matmul(u));
  const Tensor axes = vectors.t().flip({0}).slice(0, 0, components);
  const double total = u.square().sum().item<double>();
  if (total > 0) {
    pca.explained = u.matmul(axes.t()).square().sum().item<double>() / total;
  }
  pca.axes = axes * detail::axis_signs(u.matmul(axes.t())).unsqueeze(1);
  return pca;
}

Tensor tangent_coordinates(const Manifold& manifold, const TangentPca& pca, const Tensor& x) {
  const torch::NoGradGuard no_grad;
  return logarithms_at(manifold, pca.base, x).matmul(pca.axes.t());
}

}  // namespace gyroseg
