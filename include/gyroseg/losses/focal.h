#pragma once

#include <torch/types.h>

namespace gyroseg {

/// Focal loss: cross entropy with the pixels that are right already turned down.
///
///   Formula            sum_px w_y (1 - p_y)^gamma (-log p_y) / sum_px w_y; gamma = 0 is cross entropy
///   log_probabilities  [B,n,H,W], as level_log_probabilities gives them
///   labels             [B,H,W] int64 in [0, n), or kIgnored
///   gamma              >= 0
///   weights            [n] >= 0, or undefined: all 1
///   returns            scalar; exactly 0 with a zero gradient where no pixel counts
///   Grads              finite, also where p_y rounds to 1
///   Throws             c10::ValueError on wrong shapes or gamma < 0
///   Source             Lin et al. 2017 (1708.02002) eq. 5. Differs: the mean is over the weights, as in
///                      our cross entropy, not over the pixels
[[nodiscard]] torch::Tensor focal_loss(const torch::Tensor& log_probabilities,
                                       const torch::Tensor& labels, double gamma,
                                       const torch::Tensor& weights = {});

}  // namespace gyroseg
