#include "gyroseg/hierarchy/sibling_softmax.h"

#include <torch/types.h>

namespace gyroseg {

SiblingSoftmax::SiblingSoftmax(const Hierarchy& tree) {
  std::vector<int> group_of(tree.num_nodes());
  std::vector<int> place_in_group(tree.num_nodes());
  std::vector<std::int64_t> places(tree.num_nodes());
  std::int64_t next = 0;
  const auto add = [&](const std::vector<int>& nodes, int parent) {
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      group_of[nodes[i]] = static_cast<int>(groups_.size());
      place_in_group[nodes[i]] = static_cast<int>(i);
      places[nodes[i]] = next++;
    }
    groups_.push_back({torch::tensor(std::vector<std::int64_t>(nodes.begin(), nodes.end())),
                       parent < 0 ? -1 : group_of[parent],
                       parent < 0 ? 0 : place_in_group[parent]});
  };
  add(tree.top_nodes(), -1);
  for (int v = tree.num_leaves(); v < tree.num_nodes(); ++v) {  // parents before children
    add(tree.children(v), v);
  }
  places_ = torch::tensor(places);
}

torch::Tensor SiblingSoftmax::log_probabilities(const torch::Tensor& logits) const {
  TORCH_CHECK_VALUE(logits.dim() == 4 && logits.size(1) == places_.size(0),
                    "SiblingSoftmax: expected one channel a node (", places_.size(0),
                    "), got logits ", logits.sizes());
  std::vector<torch::Tensor> results;
  for (const Group& group : groups_) {
    const torch::Tensor own = logits.index_select(1, group.nodes).log_softmax(1);
    results.push_back(group.parent_group < 0
                          ? own
                          : own + results[group.parent_group].narrow(1, group.parent_place, 1));
  }
  return torch::cat(results, 1).index_select(1, places_);
}

void SiblingSoftmax::to(const torch::Device& device) {
  places_ = places_.to(device);
  for (Group& group : groups_) {
    group.nodes = group.nodes.to(device);
  }
}

}  // namespace gyroseg
