#include "gyroseg/hierarchy/fold.h"

#include <torch/types.h>

namespace gyroseg {

LevelFolder::LevelFolder(const Hierarchy& tree) {
  for (int k = 1; k <= tree.num_levels(); ++k) {
    torch::Tensor of_node = torch::full({tree.num_nodes() + 1}, kIgnored, torch::kInt64);
    for (int v = 0; v < tree.num_nodes(); ++v) {
      of_node[v] = tree.class_at(k, v);
    }
    leaf_classes_.push_back(of_node.slice(0, 0, tree.num_leaves()).clone());
    node_classes_.push_back(of_node);
    level_nodes_.push_back(torch::tensor(
        std::vector<std::int64_t>(tree.level(k).begin(), tree.level(k).end()), torch::kInt64));
  }
}

torch::Tensor LevelFolder::labels(const torch::Tensor& labels, int k) const {
  const torch::Tensor& table = node_classes_.at(k - 1);
  // kIgnored is -1: modulo the table's size it is the last row.
  const torch::Tensor row = labels.remainder(table.size(0));
  return table.index_select(0, row.flatten()).view(labels.sizes());
}

torch::Tensor LevelFolder::sum(const torch::Tensor& probabilities, int k) const {
  std::vector<std::int64_t> shape = probabilities.sizes().vec();
  shape[1] = level_nodes_.at(k - 1).size(0);
  return torch::zeros(shape, probabilities.options()).index_add(1, leaf_classes(k), probabilities);
}

torch::Tensor LevelFolder::log_sum(const torch::Tensor& log_probabilities, int k) const {
  const torch::Tensor& classes = leaf_classes(k);
  std::vector<torch::Tensor> groups;
  for (std::int64_t j = 0; j < level_nodes_.at(k - 1).size(0); ++j) {
    const torch::Tensor members = classes.eq(j).nonzero().flatten();
    const torch::Tensor group = log_probabilities.index_select(1, members);
    groups.push_back(members.numel() == 1 ? group : group.logsumexp(1, /*keepdim=*/true));
  }
  return torch::cat(groups, 1);
}

void LevelFolder::to(const torch::Device& device) {
  for (auto* tables : {&node_classes_, &leaf_classes_, &level_nodes_}) {
    for (torch::Tensor& table : *tables) {
      table = table.to(device);
    }
  }
}

}  // namespace gyroseg
