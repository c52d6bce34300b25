#include "gyroseg/losses/bce.h"

#include <torch/types.h>

#include "gyroseg/losses/level_probabilities.h"

namespace gyroseg {
namespace {

struct Tables {
  torch::Tensor targets;  ///< [V+1,V] l_v of every label, the last row for kIgnored
  torch::Tensor counted;  ///< [V+1,V] 1 where the pair counts
};

Tables tables_of(const Hierarchy& tree, const torch::TensorOptions& options) {
  const int nodes = tree.num_nodes();
  Tables tables{torch::zeros({nodes + 1, nodes}, torch::kFloat32),
                torch::zeros({nodes + 1, nodes}, torch::kFloat32)};
  auto targets = tables.targets.accessor<float, 2>();
  auto counted = tables.counted.accessor<float, 2>();
  for (int u = 0; u < nodes; ++u) {
    for (int v = 0; v < nodes; ++v) {
      counted[u][v] = tree.is_leaf(u) || tree.depth(v) <= tree.depth(u) ? 1.0F : 0.0F;
    }
    for (const int v : tree.ancestors(u)) {
      targets[u][v] = 1.0F;
    }
  }
  return {tables.targets.to(options), tables.counted.to(options)};
}

}  // namespace

torch::Tensor bce_loss(const torch::Tensor& logits, const torch::Tensor& labels,
                       const Hierarchy& tree) {
  check_pixels("bce", logits, labels);
  TORCH_CHECK_VALUE(logits.size(1) == tree.num_nodes(), "bce: expected one channel a node (",
                    tree.num_nodes(), "), got logits ", logits.sizes());
  const Tables tables = tables_of(tree, logits.options().requires_grad(false));
  // kIgnored is -1: modulo the table's size it is the last row.
  const torch::Tensor row = labels.remainder(tree.num_nodes() + 1).flatten();
  const auto of_pixels = [&](const torch::Tensor& table) {
    return table.index_select(0, row)
        .view({labels.size(0), labels.size(1), labels.size(2), table.size(1)})
        .permute({0, 3, 1, 2});
  };
  const torch::Tensor counted = of_pixels(tables.counted);
  const torch::Tensor total = counted.sum();
  return at::binary_cross_entropy_with_logits(logits, of_pixels(tables.targets), counted, {},
                                              at::Reduction::Sum) /
         torch::where(total == 0, torch::ones_like(total), total);
}

}  // namespace gyroseg
