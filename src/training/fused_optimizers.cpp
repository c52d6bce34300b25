#include "fused_optimizers.h"

#include <ATen/ops/_fused_adamw.h>
#include <ATen/ops/_fused_sgd.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <memory>
#include <vector>

namespace gyroseg {
namespace {

using torch::Tensor;

/// What one parameter group hands to the fused operators. They walk memory, not indices, so every tensor
/// must have its parameter's strides.
struct Group {
  std::vector<Tensor> weights, gradients;

  explicit Group(const torch::optim::OptimizerParamGroup& group) {
    for (const Tensor& weight : group.params()) {
      const Tensor& gradient = weight.grad();
      if (!gradient.defined()) continue;
      weights.push_back(weight);
      gradients.push_back(gradient.strides() == weight.strides()
                              ? gradient
                              : torch::empty_like(weight).copy_(gradient));
    }
  }
};

Tensor loss_of(const torch::optim::Optimizer::LossClosure& closure) {
  if (closure == nullptr) return {};
  const torch::AutoGradMode with_gradients(true);
  return closure();
}

}  // namespace

Tensor FusedSgd::step(LossClosure closure) {
  const torch::NoGradGuard no_grad;
  const Tensor loss = loss_of(closure);
  for (const torch::optim::OptimizerParamGroup& parameters : param_groups_) {
    const auto& options = static_cast<const torch::optim::SGDOptions&>(parameters.options());
    TORCH_CHECK(options.dampening() == 0 && !options.nesterov(),
                "FusedSgd: dampening and Nesterov momentum are not available");
    const Group group(parameters);
    if (group.weights.empty()) continue;
    std::vector<Tensor> momenta;
    if (options.momentum() != 0) {
      for (const Tensor& weight : group.weights) {
        auto& state = state_[weight.unsafeGetTensorImpl()];
        if (state == nullptr) {
          auto fresh = std::make_unique<torch::optim::SGDParamState>();
          fresh->momentum_buffer(torch::zeros_like(weight));
          state = std::move(fresh);
        }
        momenta.push_back(static_cast<torch::optim::SGDParamState&>(*state).momentum_buffer());
      }
    }
    at::_fused_sgd_(group.weights, group.gradients, momenta, options.weight_decay(),
                    options.momentum(), options.lr(), /*dampening=*/0, /*nesterov=*/false,
                    /*maximize=*/false, /*is_first_step=*/false);
  }
  return loss;
}

Tensor FusedAdamW::step(LossClosure closure) {
  const torch::NoGradGuard no_grad;
  const Tensor loss = loss_of(closure);
  for (const torch::optim::OptimizerParamGroup& parameters : param_groups_) {
    const auto& options = static_cast<const torch::optim::AdamWOptions&>(parameters.options());
    TORCH_CHECK(!options.amsgrad(), "FusedAdamW: AMSGrad is not available");
    const Group group(parameters);
    if (group.weights.empty()) continue;
    std::vector<Tensor> averages, squares, steps;
    for (const Tensor& weight : group.weights) {
      auto& state = state_[weight.unsafeGetTensorImpl()];
      if (state == nullptr) {
        auto fresh = std::make_unique<torch::optim::AdamWParamState>();
        fresh->exp_avg(torch::zeros_like(weight));
        fresh->exp_avg_sq(torch::zeros_like(weight));
        state = std::move(fresh);
      }
      auto& adam = static_cast<torch::optim::AdamWParamState&>(*state);
      adam.step(adam.step() + 1);
      averages.push_back(adam.exp_avg());
      squares.push_back(adam.exp_avg_sq());
      steps.push_back(torch::full({}, static_cast<double>(adam.step()),
                                  weight.options().dtype(torch::kFloat32)));
    }
    const auto& [beta1, beta2] = options.betas();
    at::_fused_adamw_(group.weights, group.gradients, averages, squares, {}, steps, options.lr(), beta1,
                      beta2, options.weight_decay(), options.eps(), /*amsgrad=*/false,
                      /*maximize=*/false);
  }
  return loss;
}

}  // namespace gyroseg
