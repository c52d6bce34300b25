#pragma once

#include <map>
#include <string>

#include <torch/nn/module.h>

namespace gyroseg {

/// Exponential moving average of a model's parameters; buffers (batch-norm statistics) are copied.
///   a <- d a + (1 - d) w,  d = min(decay, (1 + updates) / (10 + updates)), so that early weights,
///   which are far off, are soon forgotten
class WeightAverage {
 public:
  /// decay in [0, 1).
  WeightAverage(const torch::nn::Module& model, double decay);

  void update(const torch::nn::Module& model);

  /// Exchanges the averaged weights with the model's, in place: call twice around a validation.
  void swap(torch::nn::Module& model);

  [[nodiscard]] const std::map<std::string, torch::Tensor>& state() const { return average_; }
  [[nodiscard]] std::int64_t updates() const { return updates_; }
  void restore(const std::map<std::string, torch::Tensor>& state, std::int64_t updates);

 private:
  std::map<std::string, torch::Tensor> average_;
  double decay_;
  std::int64_t updates_ = 0;
};

}  // namespace gyroseg
