#pragma once

#include <torch/nn/module.h>
#include <torch/types.h>

#include <cmath>

namespace gyroseg {

/// The positive number that scores are divided by.
///   initial  its first value, finite and > 0, kept exactly
///   learn    tau = initial e^t with a parameter t that starts at 0, so tau stays positive
struct TemperatureOptions {
  double initial = 1.0;
  bool learn = false;
};

namespace detail {

/// A module's temperature; t is the module's parameter "temperature" if it is learned.
class Temperature {
 public:
  /// Throws c10::ValueError unless options.initial is finite and > 0.
  Temperature(const char* owner, torch::nn::Module& module, const TemperatureOptions& options)
      : initial_(options.initial) {
    TORCH_CHECK_VALUE(std::isfinite(initial_) && initial_ > 0, owner,
                      ": the temperature must be finite and > 0, got ", initial_);
    if (options.learn) parameter_ = module.register_parameter("temperature", torch::zeros({}));
  }

  /// x / tau in the dtype of x.
  [[nodiscard]] torch::Tensor divide(const torch::Tensor& x) const {
    const torch::Tensor cold = x / initial_;
    return parameter_.defined() ? cold * (-parameter_).exp() : cold;
  }

 private:
  double initial_;
  torch::Tensor parameter_;
};

}  // namespace detail
}  // namespace gyroseg
