#pragma once

#include <torch/types.h>

namespace gyroseg::losses {

struct CrossEntropySums {
  double weighted_loss;   ///< sum of w_y (-log p_y)
  double weight;          ///< sum of w_y
  torch::Tensor log_sum;  ///< [B,H,W] log-sum-exp of each pixel
};

/// logits [B,K,H,W] float32 or float64, pixels of one stride; labels [B,H,W] int64 contiguous;
/// weights [K] contiguous, of the logits' dtype.
/// Throws c10::ValueError on a label that is neither in [0, K) nor kIgnored.
CrossEntropySums cross_entropy_forward(const torch::Tensor& logits, const torch::Tensor& labels,
                                       const torch::Tensor& weights);

/// scale * w_y (softmax - onehot), in the logits' memory format.
torch::Tensor cross_entropy_backward(const torch::Tensor& logits, const torch::Tensor& labels,
                                     const torch::Tensor& weights, const torch::Tensor& log_sum,
                                     double scale);

}  // namespace gyroseg::losses
