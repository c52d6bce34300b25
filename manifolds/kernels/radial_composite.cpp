#include <torch/types.h>

#include <limits>

#include "manifolds/kernels/composite_forms.h"
#include "manifolds/kernels/radial_kernels.h"
#include "manifolds/kernels/series.h"

namespace gyroseg::detail {
namespace {

using torch::Tensor;

/// The forms of radial_forms.h for tensors.
struct Form {
  Tensor factor, bend;  ///< f; k/c or h/c
};

Form exp_form(const Tensor& q, const Gap&) {
  const Tensor t = torch::sqrt(q), ratio = torch::tanh(t) / t, sech2 = torch::cosh(t).pow(-2);
  return {torch::where(q == 0, 1.0, ratio),
          torch::where(q < kExpBendBound, polynomial(kExpBendSeries, q), (sech2 - ratio) / q)};
}

Form log_form(const Tensor& q, const Gap& v) {
  const Tensor u = q / v.gap;
  const Tensor arc = torch::log1p(torch::sqrt(u) + u / (1 + torch::sqrt(1 + u)));
  const Tensor ratio = arc / torch::sqrt(q);
  return {torch::where(q == 0, 1.0, ratio),
          torch::where(q < kLogBendBound, polynomial(kLogBendSeries, q), (1 / v.gap - ratio) / q)};
}

double largest_of_exp(torch::Dtype type) { return largest_norm(type); }
double no_largest(torch::Dtype) { return std::numeric_limits<double>::infinity(); }

template <Form (*form_of)(const Tensor&, const Gap&), double (*largest_of)(torch::Dtype)>
Tensor forward(const Tensor& v_in, const Tensor& c, int64_t dim, torch::Dtype result) {
  const Tensor v = v_in.to(torch::kFloat64);
  const Gap gap(v, c, dim);
  const Tensor q = c * gap.square, factor = form_of(q, gap).factor;
  const double largest = largest_of(result);
  const Tensor length = factor * torch::sqrt(q);
  return torch::where(length > largest, factor * (largest / length), factor) * v;
}

template <Form (*form_of)(const Tensor&, const Gap&)>
RadialGradients backward(const Tensor& grad, const Tensor& v_in, const Tensor& c, int64_t dim) {
  const Tensor v = v_in.to(torch::kFloat64), g = grad.to(torch::kFloat64);
  const Gap gap(v, c, dim);
  const Form form = form_of(c * gap.square, gap);
  const Tensor bend = form.bend * (g * v).sum(dim, true);
  return {form.factor * g + c * bend * v, (bend * gap.square).sum() / 2};
}

}  // namespace

const RadialEvaluation expmap0_composite{&forward<exp_form, largest_of_exp>, &backward<exp_form>};
const RadialEvaluation logmap0_composite{&forward<log_form, no_largest>, &backward<log_form>};

}  // namespace gyroseg::detail
