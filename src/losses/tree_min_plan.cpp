#include <algorithm>

#include <ATen/Parallel.h>
#include <torch/types.h>

#include "tree_min_kernel.h"

namespace gyroseg::losses {

TreeMinPlan::TreeMinPlan(const Hierarchy& tree, const std::vector<std::int64_t>& label_counts)
    : nodes(tree.num_nodes()), leaves(tree.num_leaves()), height(tree.num_levels()) {
  const std::size_t rows = static_cast<std::size_t>(nodes) + 1;
  off_path.assign(nodes * rows, 0.0);
  on_path.assign(height * rows, 0.0);
  path.assign(height * rows, 0);
  for (int v = 0; v < nodes; ++v) {
    depth.push_back(tree.depth(v));
    children.push_back(tree.children(v));
  }
  std::vector<double> level_weight(height, 0.0);  // 1/(N_k n_k), 0 without a pixel
  for (int k = 1; k <= height; ++k) {
    std::int64_t pixels = 0;
    for (int u = 0; u < nodes; ++u) {
      pixels += tree.class_at(k, u) >= 0 ? label_counts[u + 1] : 0;
    }
    const auto channels = static_cast<double>(tree.level(k).size());
    level_weight[k - 1] = pixels > 0 ? 1.0 / (static_cast<double>(pixels) * channels) : 0.0;
  }
  for (int u = 0; u < nodes; ++u) {
    const std::size_t row = static_cast<std::size_t>(u) + 1;
    const std::vector<int> above = tree.ancestors(u);
    for (const int a : above) {
      path[(tree.depth(a) - 1) * rows + row] = a;
    }
    for (int k = 1; k <= height && tree.class_at(k, u) >= 0; ++k) {
      for (const int v : tree.level(k)) {
        const bool on = std::find(above.begin(), above.end(), v) != above.end();
        (on ? on_path[(tree.depth(v) - 1) * rows + row] : off_path[v * rows + row]) +=
            level_weight[k - 1];
      }
    }
  }
}

std::vector<std::int64_t> count_labels(const torch::Tensor& labels, int nodes) {
  const std::int64_t* label = labels.const_data_ptr<std::int64_t>();
  const std::size_t rows = static_cast<std::size_t>(nodes) + 1;
  std::vector<std::vector<std::int64_t>> counts(at::get_num_threads(),
                                                std::vector<std::int64_t>(rows + 1, 0));
  at::parallel_for(0, labels.numel(), 32768, [&](std::int64_t begin, std::int64_t end) {
    std::vector<std::int64_t>& own = counts[at::get_thread_num()];
    for (std::int64_t i = begin; i < end; ++i) {
      const bool valid = label[i] >= kIgnored && label[i] < nodes;
      ++own[valid ? label[i] + 1 : rows];  // the last entry counts what is wrong
    }
  });
  for (std::size_t thread = 1; thread < counts.size(); ++thread) {
    std::transform(counts[thread].begin(), counts[thread].end(), counts[0].begin(),
                   counts[0].begin(), std::plus<>());
  }
  if (counts[0][rows] > 0) {
    const std::int64_t* wrong = std::find_if(label, label + labels.numel(), [&](std::int64_t u) {
      return u < kIgnored || u >= nodes;
    });
    TORCH_CHECK_VALUE(false, "tree_min_loss: expected labels in [0, ", nodes, ") or ", kIgnored,
                      ", got ", *wrong, " at pixel ", wrong - label);
  }
  counts[0].pop_back();
  return counts[0];
}

}  // namespace gyroseg::losses
