#pragma once

#include <torch/types.h>

namespace gyroseg {

/// Total variation of probability maps: how ragged a prediction is.
///
///   Formula        mean over the pairs of horizontal and vertical neighbours that both count of
///                  sum_c |p_c - p'_c|
///   probabilities  [B,n,H,W]
///   labels         [B,H,W] int64; only whether a pixel counts is read: it does where >= 0
///   returns        scalar in [0, 2]; exactly 0 with a zero gradient where no pair counts. The gradient
///                  of |0| is 0
///   Throws         c10::ValueError on wrong shapes
///   Source         Rudin, Osher, Fatemi 1992, anisotropic; an idea of seed 004
[[nodiscard]] torch::Tensor total_variation(const torch::Tensor& probabilities,
                                            const torch::Tensor& labels);

}  // namespace gyroseg
