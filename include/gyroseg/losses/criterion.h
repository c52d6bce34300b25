#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <torch/types.h>

#include "gyroseg/config/config.h"
#include "gyroseg/hierarchy/fold.h"
#include "gyroseg/hierarchy/hierarchy.h"
#include "gyroseg/hierarchy/sibling_softmax.h"
#include "gyroseg/losses/term.h"
#include "manifolds/manifold.h"
#include "manifolds/tree_triplet.h"

namespace gyroseg {

/// What a network gives for a batch, and what it should have given.
///
///   Symbols  K    C leaf channels, or V node channels where the classifier has all nodes
struct LossInputs {
  torch::Tensor logits;     ///< [B,K,h,w], brought to the labels' size here
  torch::Tensor embedding;  ///< [B,D,h',w'] tangent vectors; undefined where no term needs them
  torch::Tensor auxiliary;  ///< [B,C or V,h'',w''] logits; undefined without an auxiliary head
  torch::Tensor labels;     ///< [B,H,W] int64 nodes or kIgnored; never changed
  std::int64_t step = 0;    ///< of the schedules
  std::int64_t total_steps = 1;
  std::uint64_t seed = 0;  ///< with `step` it decides every random draw
};

struct LossTerm {
  std::string label;         ///< key in logs
  torch::Tensor value;       ///< scalar, unweighted, detached
  double weight = 0.0;       ///< at this step
  std::int64_t support = 0;  ///< triplets, or pixels that count (finest level of the term); -1: not
                             ///< counted, on devices where counting would stop the queue
};

/// How the channels are trained, which is how their probabilities are read: softmax over the classes of a
/// level, s/sum(s) of sigmoids s, or products of softmaxes among siblings.
enum class TrainedChannels { softmax, sigmoid, siblings };

/// softmax where a loss of a level trains it (cross_entropy, focal, dice, boundary); else siblings where
/// hierarchical_softmax does; else sigmoid (tree_min, bce, rmi).
[[nodiscard]] TrainedChannels trained_channels(const std::vector<LossConfig>& terms);

struct LossSum {
  torch::Tensor total;  ///< scalar, the sum of weight * value, differentiable
  std::vector<LossTerm> terms;
};

/// The weighted sum of the config's loss terms; the free functions of this folder with their state.
///
///   of a level     cross_entropy, focal, dice, total_variation, boundary: on level_log_probabilities of
///                  one level, or the weighted sum over several; class weights from the training pixels
///                  of each level. total_variation, which trains no probabilities, smooths those that
///                  the other terms train (trained_channels)
///   tree_min, bce, hierarchical_softmax, rmi (reduce_rmi of rmi_loss)
///                  of all nodes, need node channels
///   tree_triplet   tree_triplet_loss on labels brought to the embedding's size (nearest_labels);
///                  labels of inner nodes take no part
///   auxiliary      cross entropy of the leaves on the auxiliary logits, weight auxiliary_weight,
///                  with the class weights of the first cross_entropy term on leaves, if any
///   Logits are upsampled once, bilinearly (align_corners = false).
class Criterion {
 public:
  /// Class weights [n] from pixel counts [n] int64, and the config's scheme.
  using Weigh =
      std::function<torch::Tensor(const torch::Tensor& counts, const std::string& scheme)>;

  /// node_counts: [V] int64 training pixels labelled with each node; with `weigh` needed only where a term
  /// has class_weights. manifold: needed only by tree_triplet.
  /// Throws c10::ValueError on no terms, an unknown name, a level outside the tree, or a lack.
  Criterion(const std::vector<LossConfig>& terms, const Hierarchy& tree, bool all_nodes,
            double auxiliary_weight, std::shared_ptr<const Manifold> manifold,
            const torch::Tensor& node_counts = {}, const Weigh& weigh = {});

  /// Throws c10::ValueError on shapes that do not fit, or where a needed embedding is undefined.
  [[nodiscard]] LossSum operator()(const LossInputs& inputs) const;

  /// Of the config's terms, in the order of LossSum::terms; "auxiliary" comes after them.
  [[nodiscard]] std::vector<std::string> labels() const;

  [[nodiscard]] static bool needs_embedding(const std::vector<LossConfig>& terms);

  /// Moves the level tables and class weights. Triplets are drawn on the CPU in any case.
  void to(const torch::Device& device);

 private:
  [[nodiscard]] Term make_term(const LossConfig& config, const torch::Tensor& node_counts,
                               const Weigh& weigh) const;
  [[nodiscard]] torch::Tensor class_weights(int k, const LossConfig& config,
                                            const torch::Tensor& node_counts,
                                            const Weigh& weigh) const;
  [[nodiscard]] torch::Tensor auxiliary(const torch::Tensor& logits,
                                        const torch::Tensor& leaf_labels) const;

  Hierarchy tree_;
  LevelFolder folder_;
  SiblingSoftmax siblings_;
  bool all_nodes_;
  double auxiliary_weight_;
  std::shared_ptr<const Manifold> manifold_;
  TreeTables tables_;
  std::vector<Term> terms_;
  TrainedChannels trained_;
};

/// The tables of tree_triplet_loss: distances through the virtual root, -1 for top leaves' parents.
[[nodiscard]] TreeTables tree_tables(const Hierarchy& tree);

/// Labels [B,H,W] int64 at another size, as torch's interpolate(mode = "nearest") picks them.
[[nodiscard]] torch::Tensor nearest_labels(const torch::Tensor& labels, std::int64_t height,
                                           std::int64_t width);

}  // namespace gyroseg
