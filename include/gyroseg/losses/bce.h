#pragma once

#include <torch/types.h>

#include "gyroseg/hierarchy/hierarchy.h"

namespace gyroseg {

/// Binary cross entropy of every node on its own, mean over pixels and nodes.
///
///   Symbols  s = sigmoid(z); l_v = 1 where v is on the path of the label, else 0
///   Formula  mean over the pairs (pixel, node) that count of -l log s - (1 - l) log(1 - s)
///   Counts   a pixel counts at the nodes of the levels that its label determines: with a leaf as label
///            at all nodes, with an inner node u at those of depth(u) and above; ignored, at none
///
///   logits   [B,V,H,W] float;  labels [B,H,W] int64 nodes in [0, V), or kIgnored
///   returns  scalar; exactly 0 with a zero gradient where nothing counts
///   Throws   c10::ValueError on wrong shapes
[[nodiscard]] torch::Tensor bce_loss(const torch::Tensor& logits, const torch::Tensor& labels,
                                     const Hierarchy& tree);

}  // namespace gyroseg
