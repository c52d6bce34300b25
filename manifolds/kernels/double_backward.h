#pragma once

#include <torch/csrc/autograd/custom_function.h>
#include <torch/csrc/autograd/functions/basic_ops.h>

#include <string>

namespace gyroseg::detail {

/// The hand-written backwards have no derivative of their own. Where a graph of the gradients is
/// asked for (create_graph), they come as constants that refuse to be differentiated, with a
/// message, instead of silently passing for independent of the inputs.
inline torch::autograd::variable_list refuse_double_backward(
    const char* op, torch::autograd::variable_list gradients) {
  if (!at::GradMode::is_enabled()) return gradients;
  torch::autograd::variable_list defined;
  for (auto& g : gradients)
    if (g.defined()) defined.push_back(g.detach().requires_grad_(true));
  torch::autograd::DelayedError error(
      std::string(op) + ": double backward is not available (the gradient is written by hand)",
      static_cast<int64_t>(defined.size()));
  const auto guarded = error(std::move(defined));
  size_t next = 0;
  for (auto& g : gradients)
    if (g.defined()) g = guarded[next++];
  return gradients;
}

}  // namespace gyroseg::detail
