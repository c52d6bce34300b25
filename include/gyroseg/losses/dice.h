#pragma once

#include <torch/types.h>

namespace gyroseg {

/// Soft Dice loss over the pixels of a whole batch.
///
///   Formula        D_c = 2 sum_px p_c y_c / (sum_px p_c + sum_px y_c) over the pixels that count;
///                  sum_c w_c (1 - D_c) / sum_c w_c over the classes c that the labels name. A class
///                  that is not there has no D of its own: what it takes is missing from others
///   probabilities  [B,n,H,W] in [0,1]
///   labels         [B,H,W] int64 in [0, n), or kIgnored
///   weights        [n] >= 0, or undefined: all 1
///   returns        scalar in [0, 1], summed in float64; exactly 0 with a zero gradient where no pixel
///                  counts. No smoothing term is needed: no denominator is 0
///   Throws         c10::ValueError on wrong shapes
///   Source         Milletari et al. 2016 (1606.04797), with plain sums in the denominator
[[nodiscard]] torch::Tensor dice_loss(const torch::Tensor& probabilities,
                                      const torch::Tensor& labels,
                                      const torch::Tensor& weights = {});

}  // namespace gyroseg
