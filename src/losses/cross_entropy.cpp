#include "gyroseg/losses/cross_entropy.h"

#include <torch/types.h>

namespace gyroseg {
namespace {

void check_shapes(const torch::Tensor& logits, const torch::Tensor& labels) {
  TORCH_CHECK_VALUE(logits.dim() == 4, "cross_entropy: logits must be [B,K,H,W], got ",
                    logits.sizes());
  TORCH_CHECK_VALUE(labels.dim() == 3 && labels.size(0) == logits.size(0) &&
                        labels.size(1) == logits.size(2) && labels.size(2) == logits.size(3),
                    "cross_entropy: labels must be [B,H,W] of logits ", logits.sizes(), ", got ",
                    labels.sizes());
}

torch::Tensor weighted_nll(const torch::Tensor& log_probabilities, const torch::Tensor& labels,
                           const torch::Tensor& weights) {
  const auto [sum, total_weight] = at::nll_loss2d_forward(
      log_probabilities, labels,
      weights.defined() ? std::make_optional(weights) : std::nullopt, at::Reduction::Sum, kIgnored);
  // Without a pixel that counts both are 0: 0/1 keeps value and gradient at 0, with no look at the
  // device.
  return sum / torch::where(total_weight == 0, torch::ones_like(total_weight), total_weight);
}

}  // namespace

torch::Tensor flat_cross_entropy(const torch::Tensor& logits, const torch::Tensor& labels,
                                 const torch::Tensor& weights) {
  check_shapes(logits, labels);
  return weighted_nll(logits.log_softmax(1), labels, weights);
}

torch::Tensor level_cross_entropy(const torch::Tensor& logits, const torch::Tensor& labels,
                                       const LevelFolder& folder, int k, bool all_nodes,
                                       const torch::Tensor& weights) {
  check_shapes(logits, labels);
  const torch::Tensor& nodes = folder.level_nodes(k);
  if (all_nodes) {
    return flat_cross_entropy(logits.index_select(1, nodes), labels, weights);
  }
  TORCH_CHECK_VALUE(logits.size(1) == folder.leaf_classes(k).size(0),
                    "cross_entropy: expected one channel a leaf (", folder.leaf_classes(k).size(0),
                    "), got logits ", logits.sizes());
  if (nodes.size(0) == logits.size(1)) {  // as many classes as leaves: the leaves, in their order
    return flat_cross_entropy(logits, labels, weights);
  }
  return weighted_nll(folder.log_sum(logits.log_softmax(1), k), labels, weights);
}

}  // namespace gyroseg
