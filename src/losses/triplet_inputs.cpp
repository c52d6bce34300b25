#include <torch/types.h>

#include "gyroseg/losses/criterion.h"

namespace gyroseg {
namespace {

/// Source index of every target index, in float32 as torch's nearest interpolation computes it.
torch::Tensor nearest_index(std::int64_t from, std::int64_t to, const torch::Device& device) {
  const float scale = static_cast<float>(from) / static_cast<float>(to);
  const torch::Tensor target =
      torch::arange(to, torch::TensorOptions().dtype(torch::kFloat32).device(device));
  return (target * scale).floor().to(torch::kInt64).clamp_max(from - 1);
}

}  // namespace

torch::Tensor nearest_labels(const torch::Tensor& labels, std::int64_t height, std::int64_t width) {
  TORCH_CHECK_VALUE(labels.dim() == 3 && height > 0 && width > 0,
                    "nearest_labels: expected labels [B,H,W] and a size > 0, got ", labels.sizes(),
                    ", ", height, " x ", width);
  return labels.index_select(1, nearest_index(labels.size(1), height, labels.device()))
      .index_select(2, nearest_index(labels.size(2), width, labels.device()));
}

TreeTables tree_tables(const Hierarchy& tree) {
  const int leaves = tree.num_leaves();
  TreeTables tables{torch::zeros({leaves, leaves}, torch::kInt64),
                    torch::zeros({leaves}, torch::kInt64), tree.num_levels()};
  auto distances = tables.distances.accessor<std::int64_t, 2>();
  auto parents = tables.parents.accessor<std::int64_t, 1>();
  for (int u = 0; u < leaves; ++u) {
    parents[u] = tree.parent(tree.top_copy(u));  // siblings share it, repeated or not
    for (int v = 0; v < leaves; ++v) {
      distances[u][v] = tree.tree_distance(u, v);
    }
  }
  return tables;
}

}  // namespace gyroseg
