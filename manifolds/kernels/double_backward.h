#pragma once

#include <torch/csrc/autograd/custom_function.h>
#include <torch/csrc/autograd/functions/basic_ops.h>
#include <torch/csrc/autograd/functions/utils.h>

#include <string>

namespace gyroseg::detail {

/// The hand-written backwards have no derivative of their own. Where a graph of the gradients is
/// asked for (create_graph), they come as constants that refuse to be differentiated, with a
/// message, instead of silently passing for independent of what they were computed from, `saved` and
/// the incoming `grads`. The refusal has edges to these: autograd leaves out whatever does not lead
/// to the tensors by which it differentiates.
inline torch::autograd::variable_list refuse_double_backward(
    const char* op, torch::autograd::variable_list gradients,
    const torch::autograd::variable_list& saved, const torch::autograd::variable_list& grads) {
  if (!at::GradMode::is_enabled()) return gradients;
  const auto refusal = c10::make_intrusive<torch::autograd::Error>(
      std::string(op) + ": double backward is not available (the gradient is written by hand)",
      torch::autograd::collect_next_edges(saved, grads));
  for (auto& g : gradients)
    if (g.defined()) {
      g = g.detach();
      torch::autograd::set_history(g, refusal);
    }
  return gradients;
}

}  // namespace gyroseg::detail
