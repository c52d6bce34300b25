#pragma once

#include <torch/types.h>

#include "gyroseg/hierarchy/hierarchy.h"

namespace gyroseg {

/// Tables that take leaf or node tensors to the levels of a tree. Copied to a device by `to`.
///
///   Symbols  n_k  classes of level k (1 the coarsest);  C leaves;  V nodes
class LevelFolder {
 public:
  explicit LevelFolder(const Hierarchy& tree);

  /// Labels of level k. labels: int64 node indices or kIgnored, any shape -> int64, same shape: class
  /// index in [0, n_k), or kIgnored where the pixel is ignored or its node does not determine level k.
  [[nodiscard]] torch::Tensor labels(const torch::Tensor& labels, int k) const;

  /// Class of every leaf at level k: [C] int64.
  [[nodiscard]] const torch::Tensor& leaf_classes(int k) const { return leaf_classes_.at(k - 1); }

  /// Node of every class of level k: [n_k] int64.
  [[nodiscard]] const torch::Tensor& level_nodes(int k) const { return level_nodes_.at(k - 1); }

  /// Sums leaf probabilities into level k. probabilities [B,C,H,W] -> [B,n_k,H,W], differentiable.
  [[nodiscard]] torch::Tensor sum(const torch::Tensor& probabilities, int k) const;

  /// Log of the summed probabilities. log_probabilities [B,C,H,W] -> [B,n_k,H,W], differentiable,
  /// exact where the probabilities underflow (log-sum-exp within each group).
  [[nodiscard]] torch::Tensor log_sum(const torch::Tensor& log_probabilities, int k) const;

  [[nodiscard]] int num_levels() const { return static_cast<int>(leaf_classes_.size()); }
  void to(const torch::Device& device);

 private:
  std::vector<torch::Tensor> node_classes_;  ///< per level [V+1] int64, the last row for kIgnored
  std::vector<torch::Tensor> leaf_classes_;
  std::vector<torch::Tensor> level_nodes_;
};

}  // namespace gyroseg
