#include "gyroseg/hierarchy/class_map.h"

#include <torch/utils.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>

namespace gyroseg {
namespace {

// Copies stand for their leaf.
std::string class_path(const Hierarchy& tree, int node) {
  const int leaf = tree.leaves_of(node).front();
  return tree.path(tree.top_copy(leaf) == tree.top_copy(node) ? leaf : node);
}

// Leaves have the smallest indices, so that a copy's path leads to its leaf.
std::map<std::string, std::int64_t> nodes_by_path(const Hierarchy& tree) {
  std::map<std::string, std::int64_t> nodes;
  for (int node = 0; node < tree.num_nodes(); ++node) {
    nodes.try_emplace(class_path(tree, node), node);
  }
  return nodes;
}

torch::Tensor indices(const std::vector<std::int64_t>& values) {
  return torch::tensor(at::ArrayRef<std::int64_t>(values));
}

}  // namespace

std::optional<ClassMap> class_map(const Hierarchy& from, const Hierarchy& to) {
  const std::map<std::string, std::int64_t> nodes_from = nodes_by_path(from);
  const std::map<std::string, std::int64_t> nodes_to = nodes_by_path(to);
  // Without their indices: the same paths of leaves and inner nodes.
  const auto same_path = [](const auto& a, const auto& b) { return a.first == b.first; };
  if (!std::equal(nodes_from.begin(), nodes_from.end(), nodes_to.begin(), nodes_to.end(), same_path)) {
    return std::nullopt;
  }
  std::vector<std::int64_t> leaves;
  for (int leaf = 0; leaf < from.num_leaves(); ++leaf) {
    leaves.push_back(nodes_to.at(from.path(leaf)));
  }
  ClassMap map;
  map.leaves = indices(leaves);
  for (int k = 1; k <= from.num_levels(); ++k) {
    std::vector<std::int64_t> classes;
    for (const int node : from.level(k)) {
      classes.push_back(to.class_at(k, static_cast<int>(leaves[from.leaves_of(node).front()])));
    }
    map.levels.push_back(indices(classes));
  }
  std::vector<std::int64_t> nodes;
  for (int node = 0; node < to.num_nodes(); ++node) {
    nodes.push_back(nodes_from.at(class_path(to, node)));
  }
  map.nodes = indices(nodes);
  return map;
}

torch::Tensor mapped(const torch::Tensor& classes, const torch::Tensor& table) {
  return torch::where(classes >= 0, table.index({classes.clamp_min(0)}), classes);
}

}  // namespace gyroseg
