#pragma once

#include <torch/types.h>

#include <string>
#include <vector>

#include "gyroseg/hierarchy/fold.h"
#include "gyroseg/hierarchy/hierarchy.h"
#include "gyroseg/hierarchy/sibling_softmax.h"

namespace gyroseg {

/// How the channels were trained. Channels of tree-min or binary cross entropy alone are sigmoid, those
/// of the hierarchical softmax compare siblings only: a softmax over such channels has no meaning.
enum class Activation { softmax, sigmoid, siblings };

/// Class of a pixel at a level that its predicted node does not determine.
inline constexpr std::int64_t kUndecided = -1;

/// Classes of one level.
struct LevelPrediction {
  torch::Tensor classes;     ///< [B,H,W] int64, index in Hierarchy::level(k), or kUndecided
  torch::Tensor confidence;  ///< [B,H,W] float32 in [0,1], probability of that class; undecided: 0
};

/// One decode mode's answer: levels[k-1] is level k, levels.back() the leaves.
struct Decoded {
  std::vector<LevelPrediction> levels;
};

/// Turns logits into a class of every level.
///
///   Symbols  B batch, C leaves, V nodes, L levels, H,W pixels, n_k classes of level k
///            K    channels: V when `all_nodes` (leaves first, then inner nodes), else C
///            p    leaf probabilities: softmax over the leaf channels, s/sum(s) of sigmoids s, or
///                 products along the path (SiblingSoftmax)
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
///            backoff      the leaf of leaf_argmax where its p is at least the threshold; else its
///                         nearest ancestor whose summed p is, or the class of level 1: that level is
///                         always answered. Levels which that node does not determine are undecided;
///                         a node of one leaf determines them all
///            path_product the leaf of the largest product of softmaxes among siblings along its path,
///                         and its ancestors, whatever the channels were trained by; confidence at
///                         level k is the product down to the class; needs all nodes
///   Ties     the class of the smallest index; path_sum's may be decided by rounding
///   Memory   O(B V H W) whatever the modes
///   Limits   finite logits of any size give finite results: everything is in the log domain
///   Grads    none, runs without autograd
class LabelDecoder {
 public:
  /// backoff_threshold: in [0, 1]. Throws c10::ValueError past it, and on siblings without all nodes.
  LabelDecoder(const Hierarchy& tree, bool all_nodes, Activation activation,
               double backoff_threshold = 0.5);

  /// logits [B,K,H,W] floating, at the resolution wanted -> one Decoded per mode, in their order.
  /// The probabilities that modes share are computed once. Follows the logits to their device.
  /// Throws c10::ValueError: wrong rank or channels, unknown mode, mode that needs all nodes.
  [[nodiscard]] std::vector<Decoded> operator()(const torch::Tensor& logits,
                                                const std::vector<std::string>& modes);

  /// p [B,C,H,W] float32 of logits as above, without autograd, on their device; sums to 1 over C.
  /// Throws c10::ValueError: wrong rank or channels.
  [[nodiscard]] torch::Tensor leaf_probabilities(const torch::Tensor& logits);

  /// leaf_argmax, level_sum, level_head, path_sum, backoff, path_product.
  [[nodiscard]] static const std::vector<std::string>& known_modes();

  /// Whether `mode` reads the inner nodes' channels.
  [[nodiscard]] static bool needs_all_nodes(const std::string& mode);

 private:
  struct Wanted;
  struct Results;
  [[nodiscard]] Wanted check(const torch::Tensor& logits,
                             const std::vector<std::string>& modes) const;
  void follow(const torch::Device& device);
  [[nodiscard]] torch::Tensor leaf_softmax(const torch::Tensor& z) const;
  void decode_leaves(const torch::Tensor& logits, const torch::Tensor& p, const Wanted& wanted,
                     Results& results) const;
  [[nodiscard]] LevelPrediction backed_off(int k, const torch::Tensor& leaf,
                                           const LevelPrediction& mapped) const;
  void decode_nodes(const torch::Tensor& logits, const Wanted& wanted, Results& results) const;

  LevelFolder folder_;
  SiblingSoftmax siblings_;
  std::vector<torch::Tensor> settled_;  ///< per level [C] bool: the leaf's class at level 1 implies it
  int num_leaves_;
  int num_nodes_;
  bool all_nodes_;
  Activation activation_;
  double backoff_threshold_;
};

}  // namespace gyroseg
