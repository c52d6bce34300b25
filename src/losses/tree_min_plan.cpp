#include "tree_min_plan.h"

#include <numeric>

namespace gyroseg::losses {

LabelTree label_tree(const Hierarchy& tree) {
  std::vector<std::int64_t> parents;
  for (int v = 0; v < tree.num_nodes(); ++v) {
    parents.push_back(tree.parent(v));
  }
  std::vector<std::int64_t> nodes(parents.size());
  std::iota(nodes.begin(), nodes.end(), 0);
  return {"tree_min_loss", parents, nodes};
}

std::vector<double> level_weights(const Hierarchy& tree,
                                  const std::vector<std::int64_t>& label_counts) {
  const int nodes = tree.num_nodes();
  const std::size_t rows = label_counts.size();
  std::vector<double> weights(nodes * rows, 0.0);
  for (int k = 1; k <= tree.num_levels(); ++k) {
    std::int64_t pixels = 0;
    for (int u = 0; u < nodes; ++u) {
      pixels += tree.class_at(k, u) >= 0 ? label_counts[u + 1] : 0;
    }
    if (pixels == 0) {
      continue;
    }
    const auto channels = static_cast<double>(tree.level(k).size());
    const double weight = 1.0 / (static_cast<double>(pixels) * channels);
    for (int u = 0; u < nodes; ++u) {
      for (const int v : tree.level(k)) {
        weights[v * rows + u + 1] += tree.class_at(k, u) >= 0 ? weight : 0.0;
      }
    }
  }
  return weights;
}

}  // namespace gyroseg::losses
