#include <torch/library.h>
#include <torch/types.h>

#include <string>
#include <tuple>

#include "manifolds/kernels/double_backward.h"
#include "manifolds/kernels/mlr_kernels.h"
#include "manifolds/kernels/operator_arguments.h"
#include "manifolds/kernels/operator_handle.h"

namespace gyroseg::detail {
namespace {

using torch::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// The classifiers: points, two tensors of K classes, c, dim.
struct MlrOperator {
  const char *name, *backward, *points, *first, *second;
  bool second_has_vectors;  ///< [K,D], else [K]
  const MlrEvaluation &cpu, &composite;
};

constexpr MlrOperator kGanea{"poincare_mlr",   "poincare_mlr_backward", "x", "p", "a", true,
                             poincare_mlr_cpu, poincare_mlr_composite};
constexpr MlrOperator kPolar{"polar_mlr",   "polar_mlr_backward", "v", "z", "r", false,
                             polar_mlr_cpu, polar_mlr_composite};

using Gradients = std::tuple<Tensor, Tensor, Tensor, Tensor>;
using Forward = Tensor(const Tensor&, const Tensor&, const Tensor&, const Tensor&, int64_t);
using Backward = Gradients(const Tensor&, const Tensor&, const Tensor&, const Tensor&,
                           const Tensor&, int64_t, MlrMask, const Tensor&);

/// dim from the front.
int64_t checked_dim(const MlrOperator& op, const Tensor& x, const Tensor& first,
                    const Tensor& second, int64_t dim) {
  check_floating(op.name, op.points, x);
  check_floating(op.name, op.first, first);
  check_floating(op.name, op.second, second);
  const int64_t front = front_dim(op.name, dim, x.dim());
  const auto d = x.sym_size(front);
  TORCH_CHECK_VALUE(d > 0, op.name, ": D must be at least 1, got ", op.points, " ", x.sym_sizes());
  TORCH_CHECK_VALUE(first.dim() == 2 && first.sym_size(1) == d, op.name, ": ", op.first,
                    " must be [K,D] with D = ", d, " from ", op.points, " ", x.sym_sizes(),
                    " along dim ", dim, ", got ", first.sym_sizes());
  const auto k = first.sym_size(0);
  const bool fits = op.second_has_vectors ? second.sym_sizes() == first.sym_sizes()
                                          : second.dim() == 1 && second.sym_size(0) == k;
  TORCH_CHECK_VALUE(fits, op.name, ": ", op.second, " must be ",
                    op.second_has_vectors ? "[K,D]" : "[K]", " with K = ", k, ", got ",
                    second.sym_sizes());
  TORCH_CHECK_VALUE(x.device() == first.device() && x.device() == second.device(), op.name, ": ",
                    op.points, ", ", op.first, " and ", op.second,
                    " must be on one device, got ", x.device(), ", ", first.device(), " and ",
                    second.device());
  return front;
}

/// Whether logits are laid out as rows, coordinates last, as their points are: else contiguous.
bool as_rows(const Tensor& x, int64_t front) {
  return !x.is_contiguous() && x.movedim(front, -1).is_contiguous();
}

torch::Dtype result_type(const Tensor& x, const Tensor& first, const Tensor& second) {
  return at::promote_types(x.scalar_type(),
                           at::promote_types(first.scalar_type(), second.scalar_type()));
}

Tensor forward_with(const MlrOperator& op, const MlrEvaluation& evaluation, const Tensor& x,
                    const Tensor& first, const Tensor& second, const Tensor& c, int64_t dim) {
  const Tensor curvature = checked_curvature(op.name, c);
  const int64_t front = checked_dim(op, x, first, second, dim);
  const auto result = result_type(x, first, second), inside = inside_type(result);
  const Tensor logits =
      evaluation.forward(x.to(inside), first.to(inside), second.to(inside), curvature, front)
          .to(result);
  if (as_rows(x, front)) return logits.movedim(front, -1).contiguous().movedim(-1, front);
  return logits.contiguous();
}

Gradients backward_with(const MlrOperator& op, const MlrEvaluation& evaluation, const Tensor& grad,
                        const Tensor& x, const Tensor& first, const Tensor& second,
                        const Tensor& c, int64_t dim, MlrMask needed, const Tensor& logits) {
  const Tensor curvature = checked_curvature(op.name, c);
  const int64_t front = checked_dim(op, x, first, second, dim);
  const auto inside = inside_type(result_type(x, first, second));
  const auto g = evaluation.backward(grad.to(inside), x.to(inside), logits.to(inside),
                                     first.to(inside), second.to(inside), curvature, front, needed);
  return {gradient_like(g.points, x), needed[1] ? gradient_like(g.first, first) : Tensor(),
          needed[2] ? gradient_like(g.second, second) : Tensor(),
          needed[3] ? gradient_like(g.c, c) : Tensor()};
}

template <const MlrOperator& op>
Tensor forward_cpu(const Tensor& x, const Tensor& first, const Tensor& second, const Tensor& c,
                   int64_t dim) {
  return forward_with(op, op.cpu, x, first, second, c, dim);
}
template <const MlrOperator& op>
Tensor forward_composite(const Tensor& x, const Tensor& first, const Tensor& second,
                         const Tensor& c, int64_t dim) {
  return forward_with(op, op.composite, x, first, second, c, dim);
}
template <const MlrOperator& op>
Tensor forward_meta(const Tensor& x, const Tensor& first, const Tensor& second, const Tensor&,
                    int64_t dim) {
  const int64_t front = checked_dim(op, x, first, second, dim);
  auto shape = x.sym_sizes().vec();
  const auto options = x.options().dtype(result_type(x, first, second));
  if (as_rows(x, front)) {
    shape.erase(shape.begin() + front);
    shape.push_back(first.sym_size(0));
    return at::empty_symint(shape, options).movedim(-1, front);
  }
  shape[front] = first.sym_size(0);
  return at::empty_symint(shape, options);
}

template <const MlrOperator& op>
Gradients backward_cpu(const Tensor& grad, const Tensor& x, const Tensor& first,
                       const Tensor& second, const Tensor& c, int64_t dim, MlrMask needed,
                       const Tensor& logits) {
  return backward_with(op, op.cpu, grad, x, first, second, c, dim, needed, logits);
}
template <const MlrOperator& op>
Gradients backward_composite(const Tensor& grad, const Tensor& x, const Tensor& first,
                             const Tensor& second, const Tensor& c, int64_t dim, MlrMask needed,
                             const Tensor& logits) {
  return backward_with(op, op.composite, grad, x, first, second, c, dim, needed, logits);
}
Gradients backward_meta(const Tensor&, const Tensor& x, const Tensor& first, const Tensor& second,
                        const Tensor& c, int64_t, MlrMask needed, const Tensor&) {
  const auto like = [&](int i, const Tensor& t) { return needed[i] ? at::empty_like(t) : Tensor(); };
  return {like(0, x), like(1, first), like(2, second), like(3, c)};
}

template <const MlrOperator& op>
class MlrFunction : public torch::autograd::Function<MlrFunction<op>> {
 public:
  static Tensor forward(AutogradContext* ctx, const Tensor& x, const Tensor& first,
                        const Tensor& second, const Tensor& c, int64_t dim) {
    static const auto call = operator_handle<Forward>(op.name);
    at::AutoDispatchBelowADInplaceOrView below;
    const Tensor logits = call.call(x, first, second, c, dim);
    ctx->save_for_backward({x, first, second, c, logits});
    ctx->saved_data["dim"] = dim;
    return logits;
  }

  static variable_list backward(AutogradContext* ctx, const variable_list& grads) {
    static const auto call = operator_handle<Backward>(op.backward);
    const auto saved = ctx->get_saved_variables();
    MlrMask needed;
    for (size_t i = 0; i < needed.size(); ++i) needed[i] = ctx->needs_input_grad(i);
    at::AutoDispatchBelowADInplaceOrView below;
    auto [by_x, by_first, by_second, by_c] =
        call.call(grads[0], saved[0], saved[1], saved[2], saved[3],
                  ctx->saved_data["dim"].toInt(), needed, saved[4]);
    return refuse_double_backward(op.name, {by_x, by_first, by_second, by_c, Tensor()}, saved,
                                  grads);
  }
};

template <const MlrOperator& op>
Tensor forward_autograd(const Tensor& x, const Tensor& first, const Tensor& second,
                        const Tensor& c, int64_t dim) {
  return MlrFunction<op>::apply(x, first, second, c, dim);
}

template <const MlrOperator& op>
void define(torch::Library& library) {
  const std::string tensors = std::string("Tensor ") + op.points + ", Tensor " + op.first +
                              ", Tensor " + op.second + ", Tensor c, ";
  library.def((std::string(op.name) + "(" + tensors + "int dim=-1) -> Tensor").c_str(),
              {at::Tag::pt2_compliant_tag});
  library.def((std::string(op.backward) + "(Tensor grad, " + tensors +
               "int dim, bool[4] needed, Tensor logits) -> (Tensor, Tensor, Tensor, Tensor)")
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
  define<kGanea>(library);
  define<kPolar>(library);
}

}  // namespace gyroseg::detail
