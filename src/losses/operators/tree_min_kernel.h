#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include <torch/custom_class.h>
#include <torch/types.h>

#include "label_tree.h"

namespace gyroseg::losses {

/// What the kernel reads of the tree and the labels, with every normalisation inside the weights.
struct TreeMinPlan : torch::CustomClassHolder {
  TreeMinPlan(LabelTree t, std::vector<double> w, std::int64_t i)
      : tree(std::move(t)), weight(std::move(w)), ignore(i) {}

  LabelTree tree;
  std::vector<double> weight;  ///< [V,S] of a node's term at a label; 0 in row 0
  std::int64_t ignore;         ///< label of the pixels that take no part
};

/// [V] sum over the pixels of weight * term: -log p of the nodes on the label's path, -log(1 - q)
/// of the others, both with their focal factor.
/// logits [B,V,H,W] floating point, pixels of one stride; labels [B,H,W] int64 contiguous, valid.
std::vector<double> tree_min_forward(const torch::Tensor& logits, const torch::Tensor& labels,
                                     const TreeMinPlan& plan, double gamma);

/// The gradient of sum_v scale_v * forward_v with respect to the logits, in their memory format.
torch::Tensor tree_min_backward(const torch::Tensor& logits, const torch::Tensor& labels,
                                const TreeMinPlan& plan, double gamma,
                                const std::vector<double>& scale);

}  // namespace gyroseg::losses
