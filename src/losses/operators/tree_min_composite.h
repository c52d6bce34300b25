#pragma once

#include <cstdint>
#include <vector>

#include <torch/types.h>

#include "label_tree.h"

namespace gyroseg::losses {

/// V tensors [B,H,W]: sigmoid(x)^gamma softplus(x) with x = -min_A z on the path of a pixel's
/// label, max_C z elsewhere; 0 at pixels of row 0. Tensor operations, differentiable any number
/// of times.
/// logits [B,V,H,W] float32 or float64; rows [B,H,W] int64 (label_rows).
std::vector<torch::Tensor> tree_min_terms(const torch::Tensor& logits, const torch::Tensor& rows,
                                          const LabelTree& tree, double gamma);

/// The operator tree_min_loss and its gradient by tensor operations: for devices without a kernel,
/// and to test the kernel. Labels are not checked.
torch::Tensor tree_min_composite(const torch::Tensor& logits, const torch::Tensor& labels,
                                 const LabelTree& tree, double gamma, std::int64_t ignore);
torch::Tensor tree_min_composite_backward(const torch::Tensor& grad, const torch::Tensor& logits,
                                          const torch::Tensor& labels, const LabelTree& tree,
                                          double gamma, std::int64_t ignore);

}  // namespace gyroseg::losses
