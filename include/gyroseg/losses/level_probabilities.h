#pragma once

#include <torch/types.h>

#include "gyroseg/hierarchy/fold.h"

namespace gyroseg {

/// Log probabilities of the classes of level k, finite for finite logits.
///
///   logits   [B,C,H,W]: a class is the sum of its leaves' probabilities; or
///            [B,V,H,W] with all_nodes: softmax over the channels of the level's own nodes
///   returns  [B,n_k,H,W], differentiable
///   Throws   c10::ValueError where the channels are not the tree's leaves
[[nodiscard]] torch::Tensor level_log_probabilities(const torch::Tensor& logits,
                                                    const LevelFolder& folder, int k,
                                                    bool all_nodes);

/// Weighted mean of -log p of the labels' classes.
///
///   log_probabilities  [B,n,H,W];  labels [B,H,W] int64 in [0, n), or kIgnored
///   weights            [n] >= 0, or undefined: all 1
///   returns            scalar sum_px w_y (-log p_y) / sum_px w_y; exactly 0 with a zero gradient where
///                      no pixel counts
[[nodiscard]] torch::Tensor negative_log_likelihood(const torch::Tensor& log_probabilities,
                                                    const torch::Tensor& labels,
                                                    const torch::Tensor& weights = {});

/// Throws c10::ValueError, which names the loss, unless values are [B,n,H,W] floating and labels
/// [B,H,W] int64 of that size.
void check_pixels(const char* loss, const torch::Tensor& values, const torch::Tensor& labels);

/// The same for weights [n] or undefined.
void check_weights(const char* loss, const torch::Tensor& values, const torch::Tensor& weights);

}  // namespace gyroseg
