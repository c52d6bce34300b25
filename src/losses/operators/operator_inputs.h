#pragma once

#include <cstdint>
#include <vector>

#include <torch/types.h>

#include "label_tree.h"

namespace gyroseg::losses {

// What the loss operators ask of their arguments. All throw c10::ValueError that begins with `op`.

/// logits [B,V,H,W] float; labels [B,H,W] int64; parent [V] int64; leaf_node [C] int64. Reads no
/// data: for every device and for tensors without data.
void check_inputs(const char* op, const torch::Tensor& logits, const torch::Tensor& labels,
                  const torch::Tensor& parent, const torch::Tensor& leaf_node);

/// The tree of the operators' arguments; every node of leaf_node must be a leaf.
LabelTree leaf_tree(const char* op, const torch::Tensor& parent, const torch::Tensor& leaf_node);

/// Pixels of each row of labels [S]; those of `ignore` in row 0. labels: contiguous, on the CPU.
/// Throws on a label outside [0, classes) that is not `ignore`.
std::vector<std::int64_t> count_labels(const char* op, const torch::Tensor& labels, int classes,
                                       std::int64_t ignore);

/// Rows of labels, as an int64 tensor of their shape, by tensor operations.
torch::Tensor label_rows(const torch::Tensor& labels, std::int64_t ignore);

/// [V,S] bool on `device`: LabelTree::on_path.
torch::Tensor path_table(const LabelTree& tree, const torch::Device& device);

}  // namespace gyroseg::losses
