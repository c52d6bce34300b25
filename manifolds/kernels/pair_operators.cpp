#include <ATen/ExpandUtils.h>
#include <torch/library.h>
#include <torch/types.h>

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
};

constexpr PairOperator kDist{"poincare_dist",   "poincare_dist_backward", "x", "y", true, 1,
                             poincare_dist_cpu, poincare_dist_composite};
constexpr PairOperator kSqdist{
    "poincare_sqdist",   "poincare_sqdist_backward", "x", "y", true, 1,
    poincare_sqdist_cpu, poincare_sqdist_composite};
constexpr PairOperator kMobiusAdd{
    "poincare_mobius_add",   "poincare_mobius_add_backward", "x", "y", false, 1,
    poincare_mobius_add_cpu, poincare_mobius_add_composite};
constexpr PairOperator kPolarDist{"polar_dist",   "polar_dist_backward", "v", "w", true, 1,
                                  polar_dist_cpu, polar_dist_composite};
constexpr PairOperator kLorentzDist{"lorentz_dist",   "lorentz_dist_backward", "x", "y", true, 2,
                                    lorentz_dist_cpu, lorentz_dist_composite};

using Gradients = std::tuple<Tensor, Tensor, Tensor>;
using Forward = Tensor(const Tensor&, const Tensor&, const Tensor&, int64_t);
using Backward = Gradients(const Tensor&, const Tensor&, const Tensor&, const Tensor&, int64_t,
                           PairMask);

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
Gradients backward_meta(const Tensor&, const Tensor& x, const Tensor& y, const Tensor& c, int64_t,
                        PairMask needed) {
  return {needed[0] ? at::empty_like(x) : Tensor(), needed[1] ? at::empty_like(y) : Tensor(),
          needed[2] ? at::empty_like(c) : Tensor()};
}

Tensor forward_with(const PairOperator& op, const PairEvaluation& evaluation, const Tensor& x,
                    const Tensor& y, const Tensor& c, int64_t dim) {
  const Tensor curvature = checked_curvature(op.name, c);
  const int64_t front = checked_dim(op, x, y, dim);
  const auto result = at::promote_types(x.scalar_type(), y.scalar_type());
  const auto inside = inside_type(result);
  const Tensor value =
      evaluation.forward(x.to(inside), y.to(inside), curvature, front, result).to(result);
  if (op.reduces) return value.contiguous();
  if (x.sizes() == value.sizes()) return laid_out_like(x, value);
  return y.sizes() == value.sizes() ? laid_out_like(y, value) : value.contiguous();
}

Gradients backward_with(const PairOperator& op, const PairEvaluation& evaluation,
                        const Tensor& grad, const Tensor& x, const Tensor& y, const Tensor& c,
                        int64_t dim, PairMask needed) {
  const Tensor curvature = checked_curvature(op.name, c);
  const int64_t front = checked_dim(op, x, y, dim);
  const auto inside = inside_type(at::promote_types(x.scalar_type(), y.scalar_type()));
  const auto g = evaluation.backward(grad.to(inside), x.to(inside), y.to(inside), curvature, front,
                                     needed);
  return {gradient_like(g.x, x), gradient_like(g.y, y),
          needed[2] ? gradient_like(g.c, c) : Tensor()};
}

template <const PairOperator& op>
Tensor forward_cpu(const Tensor& x, const Tensor& y, const Tensor& c, int64_t dim) {
  return forward_with(op, op.cpu, x, y, c, dim);
}
template <const PairOperator& op>
Tensor forward_composite(const Tensor& x, const Tensor& y, const Tensor& c, int64_t dim) {
  return forward_with(op, op.composite, x, y, c, dim);
}
template <const PairOperator& op>
Gradients backward_cpu(const Tensor& grad, const Tensor& x, const Tensor& y, const Tensor& c,
                       int64_t dim, PairMask needed) {
  return backward_with(op, op.cpu, grad, x, y, c, dim, needed);
}
template <const PairOperator& op>
Gradients backward_composite(const Tensor& grad, const Tensor& x, const Tensor& y, const Tensor& c,
                             int64_t dim, PairMask needed) {
  return backward_with(op, op.composite, grad, x, y, c, dim, needed);
}

template <const PairOperator& op>
class PairFunction : public torch::autograd::Function<PairFunction<op>> {
 public:
  static Tensor forward(AutogradContext* ctx, const Tensor& x, const Tensor& y, const Tensor& c,
                        int64_t dim) {
    static const auto call = operator_handle<Forward>(op.name);
    at::AutoDispatchBelowADInplaceOrView below;
    ctx->save_for_backward({x, y, c});
    ctx->saved_data["dim"] = dim;
    return call.call(x, y, c, dim);
  }

  static variable_list backward(AutogradContext* ctx, const variable_list& grads) {
    static const auto call = operator_handle<Backward>(op.backward);
    const auto saved = ctx->get_saved_variables();
    const PairMask needed{ctx->needs_input_grad(0), ctx->needs_input_grad(1),
                          ctx->needs_input_grad(2)};
    at::AutoDispatchBelowADInplaceOrView below;
    auto [by_x, by_y, by_c] =
        call.call(grads[0], saved[0], saved[1], saved[2], ctx->saved_data["dim"].toInt(), needed);
    return refuse_double_backward(op.name, {by_x, by_y, by_c, Tensor()});
  }
};

template <const PairOperator& op>
Tensor forward_autograd(const Tensor& x, const Tensor& y, const Tensor& c, int64_t dim) {
  return PairFunction<op>::apply(x, y, c, dim);
}

template <const PairOperator& op>
void define(torch::Library& library) {
  const std::string pair = std::string("Tensor ") + op.first + ", Tensor " + op.second;
  library.def((std::string(op.name) + "(" + pair + ", Tensor c, int dim=-1) -> Tensor").c_str(),
              {at::Tag::pt2_compliant_tag});
  library.def((std::string(op.backward) + "(Tensor grad, " + pair +
               ", Tensor c, int dim, bool[3] needed) -> (Tensor, Tensor, Tensor)")
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
