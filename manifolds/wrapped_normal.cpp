#include "manifolds/wrapped_normal.h"

#include <cmath>
#include <numbers>
#include <utility>

#include "manifolds/argument_checks.h"
#include "manifolds/forms/operands.h"
#include "manifolds/forms/radial.h"
#include "manifolds/kernels/operator_arguments.h"
#include "manifolds/mobius.h"

namespace gyroseg {
namespace {

using torch::Tensor;

void check_deviation(const char* op, const Tensor& s, const Tensor& mu) {
  detail::check_floating(op, "s", s);
  TORCH_CHECK_VALUE(at::is_expandable_to(s.sizes(), mu.sizes()), op, ": s must broadcast to mu ",
                    mu.sizes(), ", got ", s.sizes());
}

}  // namespace

Tensor wrapped_normal_sample(const Tensor& mu, const Tensor& s, const Curvature& curvature,
                             std::optional<at::Generator> generator, int64_t dim) {
  const detail::Operands in("wrapped_normal_sample", {{"mu", mu}}, dim);
  check_deviation("wrapped_normal_sample", s, mu);
  const Tensor c = detail::checked_curvature("wrapped_normal_sample", curvature.tensor());
  const auto options = in[0].options().requires_grad(false);
  const Tensor noise = at::randn(mu.sizes(), std::move(generator), options);
  const Tensor v = s.to(torch::kFloat64) * noise * in.gap(in[0], c) / 2;  // over lambda(mu)
  const Tensor z = poincare_expmap(in[0], v, curvature, in.dim());
  return in.narrow(detail::held_inside(z, in.gap(z, c), in.dtype()));
}

Tensor wrapped_normal_log_density(const Tensor& z, const Tensor& mu, const Tensor& s,
                                  const Curvature& curvature, int64_t dim) {
  const detail::Operands in("wrapped_normal_log_density", {{"z", z}, {"mu", mu}}, dim);
  check_deviation("wrapped_normal_log_density", s, mu);
  const Tensor c = detail::checked_curvature("wrapped_normal_log_density", curvature.tensor());
  const Tensor v = 2 / in.gap(in[1], c) * poincare_logmap(in[1], in[0], curvature, in.dim());
  const Tensor deviation = s.to(torch::kFloat64);
  const auto n = static_cast<double>(z.size(in.dim()));
  const Tensor spread = torch::log(deviation).expand_as(v).sum(in.dim(), true);
  const Tensor normal =
      -in.square(v / deviation) / 2 - spread - n / 2 * std::log(2 * std::numbers::pi);
  const Tensor volume = (n - 1) * detail::log_sinh_ratio(c * in.square(v));
  return in.narrow((normal - volume).squeeze(in.dim()));
}

}  // namespace gyroseg
