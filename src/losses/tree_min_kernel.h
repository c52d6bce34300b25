#pragma once

#include <cstdint>
#include <vector>

#include <torch/custom_class.h>
#include <torch/types.h>

#include "gyroseg/hierarchy/hierarchy.h"

namespace gyroseg::losses {

/// What the kernel reads of the tree, with every normalisation inside the weights.
///
///   Symbols  S = V + 1 rows of labels: row u + 1 of a label u, row 0 of kIgnored
struct TreeMinPlan : torch::CustomClassHolder {
  /// label_counts [S]: pixels of each label row, from which the levels' 1/(N_k n_k) follow.
  TreeMinPlan(const Hierarchy& tree, const std::vector<std::int64_t>& label_counts);

  int nodes = 0;
  int leaves = 0;
  int height = 0;
  std::vector<std::int32_t> depth;        ///< [V]
  std::vector<std::vector<int>> children;  ///< [V]
  std::vector<double> off_path;           ///< [V,S] weight of -log(1 - q_v) at a label
  std::vector<double> on_path;            ///< [height,S] weight of -log p of the path's node
  std::vector<std::int32_t> path;         ///< [height,S] nodes from the top to the label, then 0
};

/// Pixels of each label row [S]. Throws c10::ValueError on a label outside the tree.
std::vector<std::int64_t> count_labels(const torch::Tensor& labels, int nodes);

/// logits [B,V,H,W] float32 or float64, pixels of one stride; labels [B,H,W] int64 contiguous.
double tree_min_forward(const torch::Tensor& logits, const torch::Tensor& labels,
                        const TreeMinPlan& plan, double gamma);

/// scale times the gradient with respect to the logits, in their memory format.
torch::Tensor tree_min_backward(const torch::Tensor& logits, const torch::Tensor& labels,
                                const TreeMinPlan& plan, double gamma, double scale);

}  // namespace gyroseg::losses
