#include <ATen/ExpandUtils.h>
#include <torch/library.h>
#include <torch/types.h>

#include <optional>
#include <string>
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

/// The operators on two points, all of one kind: two broadcastable tensors, c, dim.
struct PairOperator {
  const char *name, *backward, *first, *second;
  bool reduces;      ///< dim is absent from the result
  int64_t smallest;  ///< number of coordinates
  const PairEvaluation &cpu, &composite;
  const char* keeping = nullptr;  ///< the operator that keeps sums for backward, where there is one
};

constexpr PairOperator kDist{"poincare_dist",   "poincare_dist_backward", "x", "y", true, 1,
                             poincare_dist_cpu, poincare_dist_composite,
                             "poincare_dist_keeping"};
constexpr PairOperator kSqdist{
    "poincare_sqdist",   "poincare_sqdist_backward", "x", "y", true, 1,
    poincare_sqdist_cpu, poincare_sqdist_composite, "poincare_sqdist_keeping"};
constexpr PairOperator kMobiusAdd{
    "poincare_mobius_add",   "poincare_mobius_add_backward", "x", "y", false, 1,
    poincare_mobius_add_cpu, poincare_mobius_add_composite};
constexpr PairOperator kPolarDist{"polar_dist",   "polar_dist_backward", "v", "w", true, 1,
                                  polar_dist_cpu, polar_dist_composite};
constexpr PairOperator kLorentzDist{"lorentz_dist",   "lorentz_dist_backward", "x", "y", true, 2,
                                    lorentz_dist_cpu, lorentz_dist_composite};

using Gradients = std::tuple<Tensor, Tensor, Tensor>;
using Forward = Tensor(const Tensor&, const Tensor&, const Tensor&, int64_t);
using Keeping = std::tuple<Tensor, Tensor>(const Tensor&, const Tensor&, const Tensor&, int64_t);
using Backward = Gradients(const Tensor&, const Tensor&, const Tensor&, const Tensor&, int64_t,
                           PairMask, const std::optional<Tensor>&);

/// dim from the front of the broadcast shape.
int64_t checked_dim(const PairOperator& op, const Tensor& x, const Tensor& y, int64_t dim) {
  const int64_t back = check_pair(op.name, op.first, x, op.second, y, dim);
  TORCH_CHECK_VALUE(x.sym_size(back) >= op.smallest, op.name, ": needs at least ", op.smallest,
                    " coordinates along dim ", dim, ", got ", op.first, " ", x.sym_sizes());
  return std::max(x.dim(), y.dim()) + back;
}

template <const PairOperator& op>
Tensor forward_meta(const Tensor& x, const Tensor& y, const Tensor&, int64_t dim) {
  const int64_t front = checked_dim(op, x, y, dim);
  auto shape = at::infer_size_symint(x.sym_sizes(), y.sym_sizes());
  const auto options = x.options().dtype(at::promote_types(x.scalar_type(), y.scalar_type()));
  if (op.reduces) {
    shape.erase(shape.begin() + front);
    return at::empty_symint(shape, options);
  }
  if (x.sym_sizes() == shape) return at::empty_like(x, options);
  return y.sym_sizes() == shape ? at::empty_like(y, options) : at::empty_symint(shape, options);
}

template <const PairOperator& op>
std::tuple<Tensor, Tensor> keeping_meta(const Tensor& x, const Tensor& y, const Tensor& c,
                                        int64_t dim) {
  const Tensor value = forward_meta<op>(x, y, c, dim);
  return {value, at::empty_symint({kKeptSums, value.sym_numel()},
                                  value.options().dtype(torch::kFloat64))};
}

template <const PairOperator& op>
Gradients backward_meta(const Tensor&, const Tensor& x, const Tensor& y, const Tensor& c, int64_t,
                        PairMask needed, const std::optional<Tensor>&) {
  return {needed[0] ? at::empty_like(x) : Tensor(), needed[1] ? at::empty_like(y) : Tensor(),
          needed[2] ? at::empty_like(c) : Tensor()};
}

Tensor laid_out(const PairOperator& op, const Tensor& x, const Tensor& y, const Tensor& value) {
  if (op.reduces) return value.contiguous();
  if (x.sizes() == value.sizes()) return laid_out_like(x, value);
  return y.sizes() == value.sizes() ? laid_out_like(y, value) : value.contiguous();
}

template <typename Evaluate>
auto forward_with(const PairOperator& op, const Tensor& x, const Tensor& y, const Tensor& c,
                  int64_t dim, const Evaluate& evaluate) {
  const Tensor curvature = checked_curvature(op.name, c);
  const int64_t front = checked_dim(op, x, y, dim);
  const auto result = at::promote_types(x.scalar_type(), y.scalar_type());
  const auto inside = inside_type(result);
  return evaluate(x.to(inside), y.to(inside), curvature, front, result);
}

Tensor value_with(const PairOperator& op, const PairEvaluation& evaluation, const Tensor& x,
                  const Tensor& y, const Tensor& c, int64_t dim) {
  const Tensor value = forward_with(op, x, y, c, dim, evaluation.forward);
  return laid_out(op, x, y, value.to(at::promote_types(x.scalar_type(), y.scalar_type())));
}

std::tuple<Tensor, Tensor> keeping_with(const PairOperator& op, const PairEvaluation& evaluation,
                                        const Tensor& x, const Tensor& y, const Tensor& c,
                                        int64_t dim) {
  const auto [value, kept] = forward_with(op, x, y, c, dim, evaluation.forward_keeping);
  return {laid_out(op, x, y, value.to(at::promote_types(x.scalar_type(), y.scalar_type()))), kept};
}

Gradients backward_with(const PairOperator& op, const PairEvaluation& evaluation,
                        const Tensor& grad, const Tensor& x, const Tensor& y, const Tensor& c,
                        int64_t dim, PairMask needed, const std::optional<Tensor>& kept) {
  const Tensor curvature = checked_curvature(op.name, c);
  const int64_t front = checked_dim(op, x, y, dim);
  const auto inside = inside_type(at::promote_types(x.scalar_type(), y.scalar_type()));
  const Tensor gs = grad.to(inside), xs = x.to(inside), ys = y.to(inside);
  const auto g = kept.has_value()
                     ? evaluation.backward_from(*kept, gs, xs, ys, curvature, front, needed)
                     : evaluation.backward(gs, xs, ys, curvature, front, needed);
  return {gradient_like(g.x, x), gradient_like(g.y, y),
          needed[2] ? gradient_like(g.c, c) : Tensor()};
}

template <const PairOperator& op>
Tensor forward_cpu(const Tensor& x, const Tensor& y, const Tensor& c, int64_t dim) {
  return value_with(op, op.cpu, x, y, c, dim);
}
template <const PairOperator& op>
Tensor forward_composite(const Tensor& x, const Tensor& y, const Tensor& c, int64_t dim) {
  return value_with(op, op.composite, x, y, c, dim);
}
template <const PairOperator& op>
std::tuple<Tensor, Tensor> keeping_cpu(const Tensor& x, const Tensor& y, const Tensor& c,
                                       int64_t dim) {
  return keeping_with(op, op.cpu, x, y, c, dim);
}
template <const PairOperator& op>
std::tuple<Tensor, Tensor> keeping_composite(const Tensor& x, const Tensor& y, const Tensor& c,
                                             int64_t dim) {
  return keeping_with(op, op.composite, x, y, c, dim);
}
template <const PairOperator& op>
Gradients backward_cpu(const Tensor& grad, const Tensor& x, const Tensor& y, const Tensor& c,
                       int64_t dim, PairMask needed, const std::optional<Tensor>& kept) {
  return backward_with(op, op.cpu, grad, x, y, c, dim, needed, kept);
}
template <const PairOperator& op>
Gradients backward_composite(const Tensor& grad, const Tensor& x, const Tensor& y, const Tensor& c,
                             int64_t dim, PairMask needed, const std::optional<Tensor>& kept) {
  return backward_with(op, op.composite, grad, x, y, c, dim, needed, kept);
}

template <const PairOperator& op>
class PairFunction : public torch::autograd::Function<PairFunction<op>> {
 public:
  static Tensor forward(AutogradContext* ctx, const Tensor& x, const Tensor& y, const Tensor& c,
                        int64_t dim) {
    at::AutoDispatchBelowADInplaceOrView below;
    ctx->saved_data["dim"] = dim;
    if constexpr (op.keeping == nullptr) {
      static const auto call = operator_handle<Forward>(op.name);
      ctx->save_for_backward({x, y, c});
      return call.call(x, y, c, dim);
    } else {
      static const auto call = operator_handle<Keeping>(op.keeping);
      const auto [value, kept] = call.call(x, y, c, dim);
      ctx->save_for_backward({x, y, c, kept});
      return value;
    }
  }

  static variable_list backward(AutogradContext* ctx, const variable_list& grads) {
    static const auto call = operator_handle<Backward>(op.backward);
    const auto saved = ctx->get_saved_variables();
    const PairMask needed{ctx->needs_input_grad(0), ctx->needs_input_grad(1),
                          ctx->needs_input_grad(2)};
    const auto kept = saved.size() > 3 ? std::optional<Tensor>(saved[3]) : std::nullopt;
    at::AutoDispatchBelowADInplaceOrView below;
    auto [by_x, by_y, by_c] = call.call(grads[0], saved[0], saved[1], saved[2],
                                        ctx->saved_data["dim"].toInt(), needed, kept);
    return refuse_double_backward(op.name, {by_x, by_y, by_c, Tensor()}, saved, grads);
  }
};

template <const PairOperator& op>
Tensor forward_autograd(const Tensor& x, const Tensor& y, const Tensor& c, int64_t dim) {
  static const auto call = operator_handle<Forward>(op.name);
  if (!at::GradMode::is_enabled() ||
      !(x.requires_grad() || y.requires_grad() || c.requires_grad())) {
    at::AutoDispatchBelowADInplaceOrView below;
    return call.call(x, y, c, dim);
  }
  return PairFunction<op>::apply(x, y, c, dim);
}

template <const PairOperator& op>
void define(torch::Library& library) {
  const std::string pair = std::string("Tensor ") + op.first + ", Tensor " + op.second;
  library.def((std::string(op.name) + "(" + pair + ", Tensor c, int dim=-1) -> Tensor").c_str(),
              {at::Tag::pt2_compliant_tag});
  library.def((std::string(op.backward) + "(Tensor grad, " + pair +
               ", Tensor c, int dim, bool[3] needed, Tensor? kept=None) -> "
               "(Tensor, Tensor, Tensor)")
                  .c_str(),
              {at::Tag::pt2_compliant_tag});
  const auto implement = [&](c10::DispatchKey key, Forward* forward, Backward* backward) {
    library.impl(op.name, torch::dispatch(key, forward));
    library.impl(op.backward, torch::dispatch(key, backward));
  };
  implement(c10::DispatchKey::CPU, &forward_cpu<op>, &backward_cpu<op>);
  implement(c10::DispatchKey::Meta, &forward_meta<op>, &backward_meta<op>);
  implement(c10::DispatchKey::CompositeExplicitAutograd, &forward_composite<op>,
            &backward_composite<op>);
  library.impl(op.name, torch::dispatch(c10::DispatchKey::Autograd, &forward_autograd<op>));
  if constexpr (op.keeping != nullptr) {
    library.def(
        (std::string(op.keeping) + "(" + pair + ", Tensor c, int dim) -> (Tensor, Tensor)").c_str(),
        {at::Tag::pt2_compliant_tag});
    library.impl(op.keeping, torch::dispatch(c10::DispatchKey::CPU, &keeping_cpu<op>));
    library.impl(op.keeping, torch::dispatch(c10::DispatchKey::Meta, &keeping_meta<op>));
    library.impl(op.keeping, torch::dispatch(c10::DispatchKey::CompositeExplicitAutograd,
                                             &keeping_composite<op>));
  }
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(gyroseg, library) {
  define<kDist>(library);
  define<kSqdist>(library);
  define<kMobiusAdd>(library);
  define<kPolarDist>(library);
  define<kLorentzDist>(library);
}

}  // namespace gyroseg::detail
