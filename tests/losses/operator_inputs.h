#pragma once

#include <algorithm>
#include <numeric>
#include <random>
#include <vector>

#include <torch/types.h>

#include "gyroseg/hierarchy/hierarchy.h"

namespace gyroseg::testing {

/// A tree as the loss operators take it, its nodes in a random order.
struct OperatorTree {
  torch::Tensor parent;     ///< [V]
  torch::Tensor leaf_node;  ///< [C]
  torch::Tensor channel;    ///< [V] the operators' node of each node of the Hierarchy
};

inline OperatorTree shuffled(const Hierarchy& tree, unsigned seed) {
  std::vector<std::int64_t> place(tree.num_nodes());
  std::iota(place.begin(), place.end(), 0);
  std::shuffle(place.begin(), place.end(), std::mt19937(seed));
  const auto options = torch::TensorOptions().dtype(torch::kInt64);
  OperatorTree result{torch::empty({tree.num_nodes()}, options),
                      torch::empty({tree.num_leaves()}, options),
                      torch::tensor(place, torch::kInt64)};
  for (int v = 0; v < tree.num_nodes(); ++v) {
    result.parent[place[v]] = tree.parent(v) < 0 ? -1 : place[tree.parent(v)];
    if (tree.is_leaf(v)) {
      result.leaf_node[v] = place[v];
    }
  }
  return result;
}

/// logits [B,V,H,W] of the Hierarchy's nodes, in the operators' order.
inline torch::Tensor in_operator_order(const torch::Tensor& logits, const OperatorTree& tree) {
  return torch::empty_like(logits).index_copy_(1, tree.channel, logits);
}

/// The tables in plain vectors.
inline std::vector<std::int64_t> vector_of(const torch::Tensor& t) {
  return {t.const_data_ptr<std::int64_t>(), t.const_data_ptr<std::int64_t>() + t.numel()};
}

}  // namespace gyroseg::testing
