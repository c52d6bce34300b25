#pragma once

#include <torch/types.h>

#include <string>
#include <vector>

#include "gyroseg/hierarchy/fold.h"
#include "gyroseg/hierarchy/hierarchy.h"

namespace gyroseg {

/// How the channels were trained. Channels of tree-min or binary cross entropy alone are sigmoid: a
/// softmax over them has no meaning.
enum class Activation { softmax, sigmoid };

/// Classes of one level.
struct LevelPrediction {
  torch::Tensor classes;     ///< [B,H,W] int64, index in Hierarchy::level(k)
  torch::Tensor confidence;  ///< [B,H,W] float32 in [0,1], probability of that class
};

/// One decode mode's answer: levels[k-1] is level k, levels.back() the leaves.
struct Decoded {
  std::vector<LevelPrediction> levels;
};

/// Turns logits into a class of every level.
///
///   Symbols  B batch, C leaves, V nodes, L levels, H,W pixels, n_k classes of level k
///            K    channels: V when `all_nodes` (leaves first, then inner nodes), else C
///            p    leaf probabilities: softmax over the leaf channels, or s/sum(s) of sigmoids s
///            P_k  probabilities within level k, likewise, from the channels of the level's own
///                 nodes; a leaf above level k is its own channel there
///   Modes    leaf_argmax  the leaf of the largest logit and its ancestors; confidence at level k
///                         is the summed p of the class
///            level_sum    per level the class of the largest summed p, and that sum
///            level_head   per level the class of the largest logit among the level's own
///                         channels, and its P_k; needs all nodes
///            path_sum     the leaf whose path scores highest, and its ancestors; needs all nodes.
///                         Score of a leaf: sum over the levels of P_k (softmax) or s (sigmoid) of
///                         its class there, so a shallow leaf counts once per level, as deeper
///                         ones do. Confidence at level k: scores normalised over the leaves,
///                         summed over the class
///   Ties     the class of the smallest index
///   Memory   O(B V H W) whatever the modes
///   Limits   finite logits of any size give finite results: everything is in the log domain
///   Grads    none, runs without autograd
class LabelDecoder {
 public:
  LabelDecoder(const Hierarchy& tree, bool all_nodes, Activation activation);

  /// logits [B,K,H,W] floating, at the resolution wanted -> one Decoded per mode, in their order.
  /// The probabilities that modes share are computed once. Follows the logits to their device.
  /// Throws c10::ValueError: wrong rank or channels, unknown mode, mode that needs all nodes.
  [[nodiscard]] std::vector<Decoded> operator()(const torch::Tensor& logits,
                                                const std::vector<std::string>& modes);

  /// leaf_argmax, level_sum, level_head, path_sum.
  [[nodiscard]] static const std::vector<std::string>& known_modes();

  /// Whether `mode` reads the inner nodes' channels.
  [[nodiscard]] static bool needs_all_nodes(const std::string& mode);

 private:
  struct Wanted;
  struct Results;
  [[nodiscard]] Wanted check(const torch::Tensor& logits,
                             const std::vector<std::string>& modes) const;
  void decode_leaves(const torch::Tensor& logits, const Wanted& wanted, Results& results) const;
  void decode_nodes(const torch::Tensor& logits, const Wanted& wanted, Results& results) const;

  LevelFolder folder_;
  int num_leaves_;
  int num_nodes_;
  bool all_nodes_;
  Activation activation_;
};

}  // namespace gyroseg
