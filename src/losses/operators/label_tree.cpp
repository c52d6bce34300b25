#include "label_tree.h"

#include <algorithm>

#include <torch/types.h>

namespace gyroseg::losses {

LabelTree::LabelTree(const char* op, at::ArrayRef<std::int64_t> parents,
                     at::ArrayRef<std::int64_t> label_nodes)
    : nodes(static_cast<int>(parents.size())),
      labels(static_cast<int>(label_nodes.size())),
      parent(parents.begin(), parents.end()),
      depth(nodes, 0),
      children(nodes) {
  for (int v = 0; v < nodes; ++v) {
    TORCH_CHECK_VALUE(parents[v] >= -1 && parents[v] < nodes, op,
                      ": expected parents in [-1, V) with V = ", nodes, ", got ", parents[v],
                      " as the parent of node ", v);
    if (parents[v] >= 0) {
      children[parents[v]].push_back(v);
    } else {
      depth[v] = 1;
      order.push_back(v);
    }
  }
  for (std::size_t i = 0; i < order.size(); ++i) {
    for (const int child : children[order[i]]) {
      depth[child] = depth[order[i]] + 1;
      order.push_back(child);
    }
  }
  const auto lost = std::find(depth.begin(), depth.end(), 0);
  TORCH_CHECK_VALUE(lost == depth.end(), op, ": the parents of node ", lost - depth.begin(),
                    " form a cycle");
  height = nodes > 0 ? *std::max_element(depth.begin(), depth.end()) : 0;
  path.assign(static_cast<std::size_t>(height) * rows(), nodes);
  for (int i = 0; i < labels; ++i) {
    TORCH_CHECK_VALUE(label_nodes[i] >= 0 && label_nodes[i] < nodes, op,
                      ": expected nodes in [0, V) with V = ", nodes, ", got ", label_nodes[i],
                      " as the node of label ", i);
    for (auto v = static_cast<std::int32_t>(label_nodes[i]); v >= 0; v = parent[v]) {
      path[(depth[v] - 1) * rows() + i + 1] = v;
    }
  }
}

}  // namespace gyroseg::losses
