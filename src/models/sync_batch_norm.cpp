#include "gyroseg/models/sync_batch_norm.h"

#include <torch/csrc/autograd/custom_function.h>
#include <torch/custom_class.h>

namespace gyroseg {
namespace {

using torch::Tensor;

/// A function, in the form that an autograd context keeps.
struct Reducer : torch::CustomClassHolder {
  explicit Reducer(SumOverProcesses function) : sum(std::move(function)) {}
  SumOverProcesses sum;
};

/// Of all processes together; tensors [C] float64, the variance biased.
struct Moments {
  Tensor mean, variance;
  double count;  ///< values a channel
};

Moments joint_moments(const Tensor& x, const SumOverProcesses& sum) {
  const torch::NoGradGuard no_grad;
  const auto inside = at::promote_types(x.scalar_type(), torch::kFloat32);
  const auto [mean, variance] = at::batch_norm_update_stats(x.to(inside), {}, {}, /*momentum=*/0);
  const Tensor m = mean.to(torch::kFloat64), v = variance.to(torch::kFloat64);
  const double here = static_cast<double>(x.numel()) / static_cast<double>(x.size(1));
  Tensor sums = torch::cat({torch::full({1}, here, m.options()), here * m, here * (v + m * m)});
  sum(sums);
  const std::int64_t channels = x.size(1);
  const double count = sums[0].item<double>();
  const Tensor joint = sums.narrow(0, 1, channels) / count;
  const Tensor squares = sums.narrow(0, 1 + channels, channels) / count;
  return {joint, (squares - joint * joint).clamp_min(0), count};
}

void update_running(const BatchNormState& state, const Moments& moments) {
  const torch::NoGradGuard no_grad;
  const auto type = state.running_mean.scalar_type();
  const double unbiased = moments.count / (moments.count - 1);
  state.running_mean.mul_(1 - state.momentum).add_(moments.mean.to(type), state.momentum);
  state.running_var.mul_(1 - state.momentum)
      .add_((moments.variance * unbiased).to(type), state.momentum);
}

class SyncBatchNorm : public torch::autograd::Function<SyncBatchNorm> {
 public:
  static Tensor forward(torch::autograd::AutogradContext* ctx, const Tensor& x,
                        const Tensor& weight, const Tensor& bias, const Tensor& mean,
                        const Tensor& variance, double count, double eps,
                        const c10::intrusive_ptr<Reducer>& reducer) {
    ctx->save_for_backward({x, weight, mean, variance});
    ctx->saved_data["count"] = count;
    ctx->saved_data["eps"] = eps;
    ctx->saved_data["reducer"] =
        c10::IValue::make_capsule(c10::intrusive_ptr<torch::CustomClassHolder>(reducer));
    const auto type = weight.scalar_type();
    return std::get<0>(at::native_batch_norm(x, weight, bias, mean.to(type), variance.to(type),
                                             /*training=*/false, /*momentum=*/0, eps));
  }

  // With k = weight / std, over the values of all processes:
  //   dx = k (dy - mean(dy) - xhat mean(dy xhat)),  xhat = (x - mean) / std
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* ctx,
                                                 const torch::autograd::variable_list& grads) {
    TORCH_CHECK(!at::GradMode::is_enabled(), "sync_batch_norm: double backward is not available");
    const auto saved = ctx->get_saved_variables();
    const Tensor &x = saved[0], &weight = saved[1], &mean = saved[2], &variance = saved[3];
    const double count = ctx->saved_data["count"].toDouble();
    const double eps = ctx->saved_data["eps"].toDouble();
    const auto type = weight.scalar_type();
    // In evaluation mode torch's own kernel gives sum(dy xhat) and sum(dy) for these statistics.
    const auto [unused, by_weight, by_bias] =
        at::native_batch_norm_backward(grads[0], x, weight, mean.to(type), variance.to(type), {},
                                       {}, /*train=*/false, eps, {false, true, true});
    Tensor sums = torch::stack({by_bias.to(torch::kFloat64), by_weight.to(torch::kFloat64)});
    c10::static_intrusive_pointer_cast<Reducer>(ctx->saved_data["reducer"].toCapsule())->sum(sums);
    sums.div_(count);
    const Tensor inverse = (variance + eps).rsqrt();
    const Tensor k = weight.to(torch::kFloat64) * inverse;
    const auto on_channels = [&](const Tensor& t) { return t.to(type).view({1, -1, 1, 1}); };
    // As k dy + q x + p with a value a channel each: two passes over the maps.
    const Tensor q = -k * inverse * sums[1], p = -k * sums[0] - q * mean;
    const Tensor by_x =
        torch::addcmul(on_channels(p), x, on_channels(q)).addcmul_(grads[0], on_channels(k));
    return {by_x.to(x.scalar_type()), by_weight, by_bias, {}, {}, {}, {}, {}};
  }
};

}  // namespace

Tensor sync_batch_norm(const Tensor& x, const BatchNormState& state, const SumOverProcesses& sum) {
  TORCH_CHECK_VALUE(x.dim() == 4 && x.is_floating_point() && x.numel() > 0,
                    "sync_batch_norm: x must be [B,C,H,W] floating and not empty, got ", x.sizes(),
                    " ", x.scalar_type());
  const Moments moments = joint_moments(x, sum);
  TORCH_CHECK_VALUE(moments.count > 1, "sync_batch_norm: one value a channel has no variance");
  update_running(state, moments);
  return SyncBatchNorm::apply(x, state.weight, state.bias, moments.mean, moments.variance,
                              moments.count, state.eps, c10::make_intrusive<Reducer>(sum));
}

}  // namespace gyroseg
