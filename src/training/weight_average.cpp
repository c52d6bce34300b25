#include "gyroseg/training/weight_average.h"

#include <algorithm>

#include <torch/nn/module.h>
#include <torch/types.h>
#include <torch/utils.h>

#include "gyroseg/models/weights.h"

namespace gyroseg {

WeightAverage::WeightAverage(const torch::nn::Module& model, double decay) : decay_(decay) {
  TORCH_CHECK_VALUE(decay >= 0 && decay < 1, "WeightAverage: expected a decay in [0, 1), got ", decay);
  for (const auto& [name, tensor] : state_of(model)) {
    average_[name] = tensor.detach().clone();
  }
}

void WeightAverage::update(const torch::nn::Module& model) {
  const torch::NoGradGuard no_grad;
  const double updates = static_cast<double>(updates_++);
  const double decay = std::min(decay_, (1 + updates) / (10 + updates));
  for (const auto& parameter : model.named_parameters()) {
    average_.at(parameter.key()).lerp_(parameter.value(), 1 - decay);
  }
  for (const auto& buffer : model.named_buffers()) {
    average_.at(buffer.key()).copy_(buffer.value());
  }
}

void WeightAverage::swap(torch::nn::Module& model) {
  const torch::NoGradGuard no_grad;
  for (auto& [name, tensor] : state_of(model)) {
    torch::Tensor& mine = average_.at(name);
    const torch::Tensor theirs = tensor.detach().clone();
    tensor.copy_(mine);
    mine.copy_(theirs);
  }
}

void WeightAverage::restore(const std::map<std::string, torch::Tensor>& state, std::int64_t updates) {
  for (auto& [name, tensor] : average_) {
    const auto found = state.find(name);
    TORCH_CHECK_VALUE(found != state.end() && found->second.sizes() == tensor.sizes(),
                      "WeightAverage: the checkpoint has no average of ", name, " of shape ",
                      tensor.sizes());
    tensor.copy_(found->second);
  }
  updates_ = updates;
}

}  // namespace gyroseg
