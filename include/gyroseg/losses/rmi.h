#pragma once

#include <string>

#include <torch/types.h>

#include "gyroseg/hierarchy/hierarchy.h"

namespace gyroseg {

struct RmiOptions {
  int radius = 3;                ///< patches of radius x radius neighbours, n = radius^2
  int pool_size = 3;             ///< window of max and avg, padded by pool_size / 2
  int pool_stride = 3;           ///< of the windows
  std::string pool_way = "max";  ///< max | avg | stride: every pool_stride-th pixel, no window
};

/// Region mutual information of every node: how much of the labels' local structure the predicted
/// probabilities explain, as a lower bound under Gaussian patches. Smaller is better.
///
///   Symbols  s = sigmoid(z); y_v = 1 where v is on the path of the label; both 0 on ignored pixels
///            y_i, p_i  patches of the pooled maps of y_v and s_v + 1e-6, at all positions i
///            S         their scatter matrices: centred sums, not means; a = 1e-3
///   Formula  mean over images of 1/2 log det( S_yy - S_yp (S_pp + a I)^-1 S_py + a I ) / n,
///            log det = 2 sum log(diagonal of the Cholesky factor + 1e-8)
///   Limits   a constant y_v gives 1/2 log a = -3.45, the least value, and no gradient
///
///   logits   [B,V,H,W] float, contiguous or channels_last read where they are (narrow ones are
///            widened); float64 inside
///   labels   [B,H,W] int64 nodes, or kIgnored; labels of inner nodes take no part
///   returns  [V]; its sum is HSSN's and Zhao's total
///   Cost     on the CPU a few pooled maps a thread and the gradient are allocated
///   Throws   c10::ValueError on wrong shapes or options, maps smaller than a patch, or (CPU) a
///            label outside the tree; RuntimeError in a second derivative
///   Differs  from Zhao et al.'s code: pool_stride 1 pools as well (there it does not), `stride`
///            takes the same pixels of both maps (there labels by nearest and probabilities by
///            corner-aligned bilinear interpolation)
///   Source   Zhao et al. 2019 (1910.12037); derivations.md H1
[[nodiscard]] torch::Tensor rmi_loss(const torch::Tensor& logits, const torch::Tensor& labels,
                                     const Hierarchy& tree, const RmiOptions& options = {});

/// One number of the terms [V].
///   sum         over the nodes, as HSSN: a level weighs as many times as it has nodes
///   level_mean  the mean over the nodes of each level, summed over the levels (a shallow leaf
///               counts at every deeper level), as tree_min_loss
/// Throws c10::ValueError on another reduction.
[[nodiscard]] torch::Tensor reduce_rmi(const torch::Tensor& terms, const Hierarchy& tree,
                                       const std::string& reduction);

}  // namespace gyroseg
