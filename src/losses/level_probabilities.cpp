#include "gyroseg/losses/level_probabilities.h"

#include <optional>

#include <torch/types.h>

namespace gyroseg {

torch::Tensor level_log_probabilities(const torch::Tensor& logits, const LevelFolder& folder, int k,
                                      bool all_nodes) {
  const torch::Tensor& nodes = folder.level_nodes(k);
  if (all_nodes) {
    return logits.index_select(1, nodes).log_softmax(1);
  }
  TORCH_CHECK_VALUE(logits.dim() == 4 && logits.size(1) == folder.leaf_classes(k).size(0),
                    "level_log_probabilities: expected one channel a leaf (",
                    folder.leaf_classes(k).size(0), "), got logits ", logits.sizes());
  const torch::Tensor leaves = logits.log_softmax(1);
  // As many classes as leaves: the leaves, in their order.
  return nodes.size(0) == logits.size(1) ? leaves : folder.log_sum(leaves, k);
}

torch::Tensor negative_log_likelihood(const torch::Tensor& log_probabilities,
                                      const torch::Tensor& labels, const torch::Tensor& weights) {
  const auto [sum, total_weight] = at::nll_loss2d_forward(
      log_probabilities, labels,
      weights.defined() ? std::make_optional(weights) : std::nullopt, at::Reduction::Sum, kIgnored);
  // Without a pixel that counts both are 0: 0/1 keeps value and gradient at 0, with no look at the
  // device.
  return sum / torch::where(total_weight == 0, torch::ones_like(total_weight), total_weight);
}

void check_pixels(const char* loss, const torch::Tensor& values, const torch::Tensor& labels) {
  TORCH_CHECK_VALUE(values.dim() == 4 && values.is_floating_point(), loss,
                    ": expected floating [B,n,H,W], got ", values.scalar_type(), " ",
                    values.sizes());
  TORCH_CHECK_VALUE(labels.dim() == 3 && labels.size(0) == values.size(0) &&
                        labels.size(1) == values.size(2) && labels.size(2) == values.size(3) &&
                        labels.scalar_type() == torch::kInt64,
                    loss, ": labels must be [B,H,W] int64 of ", values.sizes(), ", got ",
                    labels.sizes(), " ", labels.scalar_type());
}

void check_weights(const char* loss, const torch::Tensor& values, const torch::Tensor& weights) {
  TORCH_CHECK_VALUE(!weights.defined() || (weights.dim() == 1 && weights.size(0) == values.size(1)),
                    loss, ": weights must be [n] of ", values.sizes(), ", got ",
                    weights.defined() ? weights.sizes() : at::IntArrayRef());
}

}  // namespace gyroseg
