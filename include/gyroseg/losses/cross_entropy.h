#pragma once

#include <torch/types.h>

#include "gyroseg/hierarchy/fold.h"

namespace gyroseg {

/// Weighted mean cross entropy of softmax(logits) along the channels.
///
///   logits   [B,K,H,W] float; on the CPU float32 and float64, contiguous or channels_last, are
///            read where they lie by a kernel (no second derivative), all else by torch
///   labels   [B,H,W] int64 in [0, K), or kIgnored: such a pixel takes no part
///   weights  [K] >= 0 on the logits' device, or undefined: all 1
///   returns  scalar sum_px w_y (-log p_y) / sum_px w_y, as torch's cross_entropy with weight and
///            ignore_index; exactly 0 with a zero gradient where no pixel counts (torch: NaN)
///   Throws   c10::ValueError on wrong shapes and, on the CPU, a label outside [0, K)
[[nodiscard]] torch::Tensor flat_cross_entropy(const torch::Tensor& logits,
                                               const torch::Tensor& labels,
                                               const torch::Tensor& weights = {});

/// Cross entropy of the classes of level k.
///
///   logits  [B,C,H,W]: a class is the sum of its leaves' probabilities; or
///           [B,V,H,W] with all_nodes: softmax over the channels of the level's own nodes
///   labels  [B,H,W] int64 class indices of level k (LevelFolder::labels), or kIgnored
///   weights [n_k] or undefined; value, gradient and errors as flat_cross_entropy
[[nodiscard]] torch::Tensor level_cross_entropy(const torch::Tensor& logits,
                                                const torch::Tensor& labels,
                                                const LevelFolder& folder, int k, bool all_nodes,
                                                const torch::Tensor& weights = {});

}  // namespace gyroseg
