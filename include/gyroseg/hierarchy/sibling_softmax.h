#pragma once

#include <vector>

#include <torch/types.h>

#include "gyroseg/hierarchy/hierarchy.h"

namespace gyroseg {

/// Hierarchical softmax: probabilities of nodes from softmaxes among siblings.
///
///   Formula  P(v) = product over u in A(v) of softmax of u's logit among u and its siblings. So the
///            probabilities of the classes of any level, and of the leaves, sum to 1, and a parent has
///            the sum of its children's; an only child has its parent's
///   Source   Atigh et al. 2022 (2203.05898) sec. 3.2
class SiblingSoftmax {
 public:
  explicit SiblingSoftmax(const Hierarchy& tree);

  /// log P of every node. logits [B,V,H,W] -> [B,V,H,W], differentiable, finite for finite logits.
  /// Throws c10::ValueError on another number of channels.
  [[nodiscard]] torch::Tensor log_probabilities(const torch::Tensor& logits) const;

  void to(const torch::Device& device);

 private:
  /// Siblings, after the group that holds their parent.
  struct Group {
    torch::Tensor nodes;  ///< [n] int64
    int parent_group;     ///< -1 at the top
    int parent_place;     ///< of the parent among its siblings
  };
  std::vector<Group> groups_;
  torch::Tensor places_;  ///< [V] int64: of every node in the groups one after the other
};

}  // namespace gyroseg
