#pragma once

#include <torch/types.h>

#include "gyroseg/hierarchy/hierarchy.h"

namespace gyroseg {

/// Tree-min loss, focal for gamma > 0, summed over the levels of the tree.
///
///   Symbols  s = sigmoid(z); A(v) v and its ancestors; C(v) v and its descendants
///            p_v = min_{A(v)} s,  q_v = max_{C(v)} s;  l_v = 1 where v is on the path of the label
///            n_k nodes of level k (a shallow leaf counts at every deeper level); N_k pixels that
///            determine level k: all valid ones, but for labels of inner nodes above level k
///   Formula  sum_k T_k,  T_k = 1/(N_k n_k) sum_px sum_{v in level k}
///              [ -l (1-p)^gamma log p - (1-l) q^gamma log(1-q) ]
///            written without eps: -log p_v = softplus(-min_A z), -log(1-q_v) = softplus(max_C z),
///            1-p = sigmoid(-min_A z); the focal factors are differentiated as well
///   Ties     the gradient of a minimum or maximum goes to one node, the nearest to v
///
///   logits   [B,V,H,W] float32 or float64 (narrower ones are widened), contiguous or channels_last
///            read where they are; computed in their dtype, summed in double
///   labels   [B,H,W] int64 nodes in [0, V), or kIgnored
///   gamma    >= 0
///   returns  scalar; exactly 0 with a zero gradient where no pixel is valid
///   Cost     O(V) per pixel; on the CPU nothing but the gradient is allocated
///   Throws   c10::ValueError on wrong shapes, gamma < 0, or (CPU) a label outside the tree;
///            c10::NotImplementedError in a second derivative (CPU)
///   Source   Li et al. 2022 (HSSN, 2203.14335); hierarchy.md 2, derivations.md H3
[[nodiscard]] torch::Tensor tree_min_loss(const torch::Tensor& logits, const torch::Tensor& labels,
                                          const Hierarchy& tree, double gamma = 0.0);

/// The same value and gradient composed of tensor operations, for every device and for second
/// derivatives; keeps about ten tensors of the logits' size.
[[nodiscard]] torch::Tensor tree_min_loss_composite(const torch::Tensor& logits,
                                                    const torch::Tensor& labels,
                                                    const Hierarchy& tree, double gamma = 0.0);

}  // namespace gyroseg
