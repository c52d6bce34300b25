#include "manifolds/polar_dist.h"

#include <torch/csrc/autograd/custom_function.h>

#include "manifolds/argument_checks.h"
#include "manifolds/polar_dist_kernels.h"

namespace gyroseg {
namespace {

using torch::Tensor;

detail::PolarDistance evaluate(const Tensor& v, const Tensor& w, double c, int64_t dim,
                               bool with_gradients) {
  if (!v.is_cpu()) return detail::polar_dist_composite(v, w, c, dim, with_gradients);
  const bool single = v.scalar_type() == torch::kFloat32 && w.scalar_type() == torch::kFloat32;
  const auto inside = single ? torch::kFloat32 : torch::kFloat64;
  return detail::polar_dist_cpu(v.to(inside), w.to(inside), c, dim, with_gradients);
}

/// The unit gradients are saved in the result's dtype: they are what backward needs and no more.
class PolarDist : public torch::autograd::Function<PolarDist> {
 public:
  static Tensor forward(torch::autograd::AutogradContext* ctx, const Tensor& v, const Tensor& w,
                        double c, int64_t dim) {
    const auto type = at::promote_types(v.scalar_type(), w.scalar_type());
    const auto result = evaluate(v, w, c, dim, true);
    ctx->save_for_backward({result.by_v.to(type), result.by_w.to(type)});
    ctx->saved_data["dim"] = dim;
    ctx->saved_data["v_sizes"] = v.sizes().vec();
    ctx->saved_data["w_sizes"] = w.sizes().vec();
    ctx->saved_data["v_type"] = v.scalar_type();
    ctx->saved_data["w_type"] = w.scalar_type();
    return result.distance.to(type);
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* ctx,
                                                 const torch::autograd::variable_list& grads) {
    TORCH_CHECK(!at::GradMode::is_enabled(),
                "polar_dist: double backward is not available; call backward without create_graph");
    const auto saved = ctx->get_saved_variables();
    const Tensor grad = grads[0].unsqueeze(ctx->saved_data["dim"].toInt());
    const auto one = [&](size_t i, const char* sizes, const char* type) {
      if (!ctx->needs_input_grad(i)) return Tensor();
      return (grad * saved[i])
          .sum_to_size(ctx->saved_data[sizes].toIntVector())
          .to(ctx->saved_data[type].toScalarType());
    };
    return {one(0, "v_sizes", "v_type"), one(1, "w_sizes", "w_type"), Tensor(), Tensor()};
  }
};

}  // namespace

Tensor polar_dist(const Tensor& v, const Tensor& w, double c, int64_t dim) {
  detail::check_curvature("polar_dist", c);
  const int64_t reduced = detail::check_pair("polar_dist", v, w, dim);
  TORCH_CHECK_VALUE(v.size(reduced) > 0, "polar_dist: D must be at least 1, got v ", v.sizes());
  if (at::GradMode::is_enabled() && (v.requires_grad() || w.requires_grad()))
    return PolarDist::apply(v, w, c, reduced);
  return evaluate(v, w, c, reduced, false)
      .distance.to(at::promote_types(v.scalar_type(), w.scalar_type()));
}

}  // namespace gyroseg
