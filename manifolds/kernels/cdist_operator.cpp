#include <torch/library.h>
#include <torch/types.h>

#include <tuple>

#include "manifolds/kernels/double_backward.h"
#include "manifolds/kernels/operator_arguments.h"
#include "manifolds/kernels/operator_handle.h"
#include "manifolds/kernels/pair_kernels.h"

namespace gyroseg::detail {
namespace {

using torch::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

using Gradients = std::tuple<Tensor, Tensor, Tensor>;
using Forward = Tensor(const Tensor&, const Tensor&, const Tensor&);
using Backward = Gradients(const Tensor&, const Tensor&, const Tensor&, const Tensor&, PairMask);

constexpr const char* kName = "poincare_cdist";

void check(const Tensor& x, const Tensor& y) {
  check_floating(kName, "x", x);
  check_floating(kName, "y", y);
  TORCH_CHECK_VALUE(x.device() == y.device(), kName, ": x is on ", x.device(), ", y on ",
                    y.device());
  TORCH_CHECK_VALUE(x.dim() == 2 && y.dim() == 2 && x.sym_size(1) == y.sym_size(1) &&
                        x.sym_size(1) > 0,
                    kName, ": x must be [N,D] and y [M,D] with D >= 1, got ", x.sym_sizes(),
                    " and ", y.sym_sizes());
}

Tensor forward_with(const PairEvaluation& evaluation, const Tensor& x, const Tensor& y,
                    const Tensor& c) {
  const Tensor curvature = checked_curvature(kName, c);
  check(x, y);
  const auto result = at::promote_types(x.scalar_type(), y.scalar_type());
  const auto inside = inside_type(result);
  return evaluation.forward(x.to(inside), y.to(inside), curvature, 1, result).to(result);
}

Gradients backward_with(const PairEvaluation& evaluation, const Tensor& grad, const Tensor& x,
                        const Tensor& y, const Tensor& c, PairMask needed) {
  const Tensor curvature = checked_curvature(kName, c);
  check(x, y);
  const auto inside = inside_type(at::promote_types(x.scalar_type(), y.scalar_type()));
  const auto g =
      evaluation.backward(grad.to(inside), x.to(inside), y.to(inside), curvature, 1, needed);
  return {gradient_like(g.x, x), gradient_like(g.y, y),
          needed[2] ? gradient_like(g.c, c) : Tensor()};
}

Tensor forward_cpu(const Tensor& x, const Tensor& y, const Tensor& c) {
  return forward_with(poincare_cdist_cpu, x, y, c);
}
Tensor forward_composite(const Tensor& x, const Tensor& y, const Tensor& c) {
  return forward_with(poincare_cdist_composite, x, y, c);
}
Tensor forward_meta(const Tensor& x, const Tensor& y, const Tensor&) {
  check(x, y);
  return at::empty_symint({x.sym_size(0), y.sym_size(0)},
                          x.options().dtype(at::promote_types(x.scalar_type(), y.scalar_type())));
}

Gradients backward_cpu(const Tensor& grad, const Tensor& x, const Tensor& y, const Tensor& c,
                       PairMask needed) {
  return backward_with(poincare_cdist_cpu, grad, x, y, c, needed);
}
Gradients backward_composite(const Tensor& grad, const Tensor& x, const Tensor& y, const Tensor& c,
                             PairMask needed) {
  return backward_with(poincare_cdist_composite, grad, x, y, c, needed);
}
Gradients backward_meta(const Tensor&, const Tensor& x, const Tensor& y, const Tensor& c,
                        PairMask needed) {
  return {needed[0] ? at::empty_like(x) : Tensor(), needed[1] ? at::empty_like(y) : Tensor(),
          needed[2] ? at::empty_like(c) : Tensor()};
}

class CdistFunction : public torch::autograd::Function<CdistFunction> {
 public:
  static Tensor forward(AutogradContext* ctx, const Tensor& x, const Tensor& y, const Tensor& c) {
    static const auto call = operator_handle<Forward>(kName);
    at::AutoDispatchBelowADInplaceOrView below;
    ctx->save_for_backward({x, y, c});
    return call.call(x, y, c);
  }

  static variable_list backward(AutogradContext* ctx, const variable_list& grads) {
    static const auto call = operator_handle<Backward>("poincare_cdist_backward");
    const auto saved = ctx->get_saved_variables();
    const PairMask needed{ctx->needs_input_grad(0), ctx->needs_input_grad(1),
                          ctx->needs_input_grad(2)};
    at::AutoDispatchBelowADInplaceOrView below;
    auto [by_x, by_y, by_c] = call.call(grads[0], saved[0], saved[1], saved[2], needed);
    return refuse_double_backward(kName, {by_x, by_y, by_c}, saved, grads);
  }
};

Tensor forward_autograd(const Tensor& x, const Tensor& y, const Tensor& c) {
  return CdistFunction::apply(x, y, c);
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(gyroseg, library) {
  library.def("poincare_cdist(Tensor x, Tensor y, Tensor c) -> Tensor",
              {at::Tag::pt2_compliant_tag});
  library.def(
      "poincare_cdist_backward(Tensor grad, Tensor x, Tensor y, Tensor c, bool[3] needed) -> "
      "(Tensor, Tensor, Tensor)",
      {at::Tag::pt2_compliant_tag});
  const auto implement = [&](c10::DispatchKey key, Forward* forward, Backward* backward) {
    library.impl(kName, torch::dispatch(key, forward));
    library.impl("poincare_cdist_backward", torch::dispatch(key, backward));
  };
  implement(c10::DispatchKey::CPU, &forward_cpu, &backward_cpu);
  implement(c10::DispatchKey::Meta, &forward_meta, &backward_meta);
  implement(c10::DispatchKey::CompositeExplicitAutograd, &forward_composite, &backward_composite);
  library.impl(kName, torch::dispatch(c10::DispatchKey::Autograd, &forward_autograd));
}

}  // namespace gyroseg::detail
