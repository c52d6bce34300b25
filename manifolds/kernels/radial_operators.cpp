#include <torch/library.h>
#include <torch/types.h>

#include <string>
#include <tuple>

#include "manifolds/kernels/double_backward.h"
#include "manifolds/kernels/operator_arguments.h"
#include "manifolds/kernels/operator_handle.h"
#include "manifolds/kernels/radial_kernels.h"

namespace gyroseg::detail {
namespace {

using torch::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// exp0 and log0: one tensor, c, dim.
struct RadialOperator {
  const char *name, *backward, *argument;
  const RadialEvaluation &cpu, &composite;
};

constexpr RadialOperator kExpmap0{"poincare_expmap0", "poincare_expmap0_backward", "v",
                                  expmap0_cpu, expmap0_composite};
constexpr RadialOperator kLogmap0{"poincare_logmap0", "poincare_logmap0_backward", "y",
                                  logmap0_cpu, logmap0_composite};

using Gradients = std::tuple<Tensor, Tensor>;
using Forward = Tensor(const Tensor&, const Tensor&, int64_t);
using Backward = Gradients(const Tensor&, const Tensor&, const Tensor&, int64_t);

int64_t checked_dim(const RadialOperator& op, const Tensor& v, int64_t dim) {
  check_floating(op.name, op.argument, v);
  const int64_t front = front_dim(op.name, dim, v.dim());
  TORCH_CHECK_VALUE(v.sym_size(front) > 0, op.name, ": no coordinates along dim ", dim, ", got ",
                    op.argument, " ", v.sym_sizes());
  return front;
}

Tensor forward_with(const RadialOperator& op, const RadialEvaluation& evaluation, const Tensor& v,
                    const Tensor& c, int64_t dim) {
  const Tensor curvature = checked_curvature(op.name, c);
  const int64_t front = checked_dim(op, v, dim);
  const auto result = v.scalar_type();
  return laid_out_like(
      v, evaluation.forward(v.to(inside_type(result)), curvature, front, result).to(result));
}

Gradients backward_with(const RadialOperator& op, const RadialEvaluation& evaluation,
                        const Tensor& grad, const Tensor& v, const Tensor& c, int64_t dim) {
  const Tensor curvature = checked_curvature(op.name, c);
  const auto inside = inside_type(v.scalar_type());
  const auto g = evaluation.backward(grad.to(inside), v.to(inside), curvature,
                                     checked_dim(op, v, dim));
  return {gradient_like(g.v, v), gradient_like(g.c, c)};
}

template <const RadialOperator& op>
Tensor forward_cpu(const Tensor& v, const Tensor& c, int64_t dim) {
  return forward_with(op, op.cpu, v, c, dim);
}
template <const RadialOperator& op>
Tensor forward_composite(const Tensor& v, const Tensor& c, int64_t dim) {
  return forward_with(op, op.composite, v, c, dim);
}
template <const RadialOperator& op>
Tensor forward_meta(const Tensor& v, const Tensor&, int64_t dim) {
  checked_dim(op, v, dim);
  return at::empty_like(v);
}
template <const RadialOperator& op>
Gradients backward_cpu(const Tensor& grad, const Tensor& v, const Tensor& c, int64_t dim) {
  return backward_with(op, op.cpu, grad, v, c, dim);
}
template <const RadialOperator& op>
Gradients backward_composite(const Tensor& grad, const Tensor& v, const Tensor& c, int64_t dim) {
  return backward_with(op, op.composite, grad, v, c, dim);
}
Gradients backward_meta(const Tensor&, const Tensor& v, const Tensor& c, int64_t) {
  return {at::empty_like(v), at::empty_like(c)};
}

template <const RadialOperator& op>
class RadialFunction : public torch::autograd::Function<RadialFunction<op>> {
 public:
  static Tensor forward(AutogradContext* ctx, const Tensor& v, const Tensor& c, int64_t dim) {
    static const auto call = operator_handle<Forward>(op.name);
    at::AutoDispatchBelowADInplaceOrView below;
    ctx->save_for_backward({v, c});
    ctx->saved_data["dim"] = dim;
    return call.call(v, c, dim);
  }

  static variable_list backward(AutogradContext* ctx, const variable_list& grads) {
    static const auto call = operator_handle<Backward>(op.backward);
    const auto saved = ctx->get_saved_variables();
    at::AutoDispatchBelowADInplaceOrView below;
    auto [by_v, by_c] = call.call(grads[0], saved[0], saved[1], ctx->saved_data["dim"].toInt());
    return refuse_double_backward(op.name, {by_v, by_c, Tensor()}, saved, grads);
  }
};

template <const RadialOperator& op>
Tensor forward_autograd(const Tensor& v, const Tensor& c, int64_t dim) {
  return RadialFunction<op>::apply(v, c, dim);
}

template <const RadialOperator& op>
void define(torch::Library& library) {
  const std::string point = std::string("Tensor ") + op.argument;
  library.def((std::string(op.name) + "(" + point + ", Tensor c, int dim=-1) -> Tensor").c_str(),
              {at::Tag::pt2_compliant_tag});
  library.def((std::string(op.backward) + "(Tensor grad, " + point +
               ", Tensor c, int dim) -> (Tensor, Tensor)")
                  .c_str(),
              {at::Tag::pt2_compliant_tag});
  const auto implement = [&](c10::DispatchKey key, Forward* forward, Backward* backward) {
    library.impl(op.name, torch::dispatch(key, forward));
    library.impl(op.backward, torch::dispatch(key, backward));
  };
  implement(c10::DispatchKey::CPU, &forward_cpu<op>, &backward_cpu<op>);
  implement(c10::DispatchKey::Meta, &forward_meta<op>, &backward_meta);
  implement(c10::DispatchKey::CompositeExplicitAutograd, &forward_composite<op>,
            &backward_composite<op>);
  library.impl(op.name, torch::dispatch(c10::DispatchKey::Autograd, &forward_autograd<op>));
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(gyroseg, library) {
  define<kExpmap0>(library);
  define<kLogmap0>(library);
}

}  // namespace gyroseg::detail
