#pragma once

#include <torch/types.h>

#include <string>

namespace gyroseg {

/// A nonlinearity between layers. x of any shape and floating dtype -> the same; may overwrite x,
/// and does so only where its gradient can be had from its result.
using ActivationFunction = torch::Tensor (*)(torch::Tensor x);

/// relu | leaky_relu | elu | gelu | silu | tanh, each as torch.nn has it by default (slope 0.01 of
/// leaky_relu, alpha 1 of elu, the exact gelu). Throws c10::ValueError on another name.
[[nodiscard]] ActivationFunction activation_function(const std::string& name);

}  // namespace gyroseg
