#include "manifolds/polar_mlr.h"

#include <torch/csrc/autograd/custom_function.h>

#include "manifolds/argument_checks.h"
#include "manifolds/polar_mlr_kernels.h"

namespace gyroseg {
namespace {

using torch::Tensor;

detail::MlrForward forward_of(const Tensor& v, const Tensor& z, const Tensor& r, double c,
                              bool keep) {
  return v.is_cpu() ? detail::mlr_forward_cpu(v, z, r, c, keep)
                    : detail::mlr_forward_composite(v, z, r, c, keep);
}

class PolarMlr : public torch::autograd::Function<PolarMlr> {
 public:
  static Tensor forward(torch::autograd::AutogradContext* ctx, const Tensor& v, const Tensor& z,
                        const Tensor& r, double c) {
    const auto result = forward_of(v, z, r, c, true);
    ctx->save_for_backward({v, z, r, result.logits, result.dots, result.lengths});
    ctx->saved_data["c"] = c;
    return result.logits;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* ctx,
                                                 const torch::autograd::variable_list& grads) {
    TORCH_CHECK(!at::GradMode::is_enabled(),
                "polar_mlr: double backward is not available; call backward without create_graph");
    const auto s = ctx->get_saved_variables();
    const detail::MlrSaved saved{s[0], s[1], s[2], s[3], s[4], s[5]};
    const double c = ctx->saved_data["c"].toDouble();
    const Tensor grad = grads[0].contiguous();
    const bool need_v = ctx->needs_input_grad(0);
    auto g = saved.v.is_cpu() ? detail::mlr_backward_cpu(grad, saved, c, need_v)
                              : detail::mlr_backward_composite(grad, saved, c, need_v);
    return {g.v, g.z, g.r, Tensor()};
  }
};

/// Below this many contiguous pixels a row layout is faster, even with the copy that it costs.
constexpr int64_t kFewPixels = 64;

Tensor evaluate(const Tensor& v, const Tensor& z, const Tensor& r, double c) {
  if (at::GradMode::is_enabled() && (v.requires_grad() || z.requires_grad() || r.requires_grad()))
    return PolarMlr::apply(v, z, r, c);
  return forward_of(v, z, r, c, false).logits;
}

}  // namespace

Tensor polar_mlr(const Tensor& v, const Tensor& z, const Tensor& r, double c, int64_t dim) {
  detail::check_curvature("polar_mlr", c);
  const int64_t front = detail::check_hyperplanes("polar_mlr", v, z, r, dim);
  const auto result =
      at::promote_types(v.scalar_type(), at::promote_types(z.scalar_type(), r.scalar_type()));
  const auto inside = at::promote_types(result, torch::kFloat32);
  const int64_t d = z.size(1), k = z.size(0);
  const Tensor x = v.to(inside), normals = z.to(inside).contiguous(),
               offsets = r.to(inside).contiguous();

  auto shape = v.sizes().vec();
  shape[front] = k;
  if (v.numel() == 0 || k == 0)  // nothing to compute, but the graph stays whole
    return (at::matmul(x.movedim(front, -1), normals.t()) + offsets).movedim(-1, front).to(result);

  int64_t before = 1, after = 1;
  for (int64_t i = 0; i < front; ++i) before *= v.size(i);
  for (int64_t i = front + 1; i < v.dim(); ++i) after *= v.size(i);
  const Tensor last = x.movedim(front, -1);
  if (after < kFewPixels ||
      last.is_contiguous()) {  // rows, and channels_last pixels where they lie
    auto row_shape = last.sizes().vec();
    row_shape.back() = k;
    const Tensor rows = last.contiguous().view({before * after, d});
    return evaluate(rows, normals, offsets, c).view(row_shape).movedim(-1, front).to(result);
  }
  const Tensor pixels = x.contiguous().view({before, d, after});
  return evaluate(pixels, normals, offsets, c).view(shape).to(result);
}

}  // namespace gyroseg
