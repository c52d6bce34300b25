#pragma once

#include <torch/types.h>

#include "gyroseg/hierarchy/sibling_softmax.h"

namespace gyroseg {

/// Mean of -log P(label) with the hierarchical softmax: the sum along the label's path of the cross
/// entropies among siblings. A label of an inner node is told down to that node.
///
///   logits   [B,V,H,W] float;  labels [B,H,W] int64 nodes in [0, V), or kIgnored
///   returns  scalar; exactly 0 with a zero gradient where no pixel counts
///   Throws   c10::ValueError on wrong shapes
///   Source   Atigh et al. 2022 (2203.05898) sec. 3.2
[[nodiscard]] torch::Tensor hierarchical_softmax_loss(const torch::Tensor& logits,
                                                      const torch::Tensor& labels,
                                                      const SiblingSoftmax& siblings);

}  // namespace gyroseg
