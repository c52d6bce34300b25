#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include <torch/nn/module.h>
#include <torch/optim/optimizer.h>

#include "gyroseg/config/config.h"

namespace gyroseg {

/// SGD or AdamW over all parameters of the model, as one group.
/// Throws c10::ValueError on an unknown name.
[[nodiscard]] std::unique_ptr<torch::optim::Optimizer> make_optimizer(
    const OptimizerConfig& options, const torch::nn::Module& model);

void set_learning_rate(torch::optim::Optimizer& optimizer, double lr);

/// Scales the gradients to the norm max_norm where theirs, over all parameters together, is larger; 0: leaves
/// them as they are. Returns the norm before, which is not finite where a gradient is not.
double clip_gradients(const std::vector<torch::Tensor>& parameters, double max_norm);

/// State of every parameter as tensors "NAME/momentum_buffer", "NAME/exp_avg", "NAME/exp_avg_sq" and
/// "NAME/step", NAME being the parameter's name in the model: a checkpoint survives a reordering.
[[nodiscard]] std::map<std::string, torch::Tensor> optimizer_state(
    const torch::optim::Optimizer& optimizer, const torch::nn::Module& model);

/// Restores what optimizer_state gave. Throws c10::ValueError on a state of another shape or optimiser.
void load_optimizer_state(torch::optim::Optimizer& optimizer, const torch::nn::Module& model,
                          const std::map<std::string, torch::Tensor>& state);

}  // namespace gyroseg
