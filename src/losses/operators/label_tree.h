#pragma once

#include <cstdint>
#include <vector>

#include <c10/util/ArrayRef.h>

namespace gyroseg::losses {

/// A class tree and the nodes that labels name, as the kernels read them.
///
///   Symbols  S = labels + 1 rows: row i + 1 of label i, row 0 of a pixel that takes no part
struct LabelTree {
  /// parent [V]: -1 below the virtual root, in any order; label_node [labels].
  /// Throws c10::ValueError that begins with `op`: a node outside [0, V), or a cycle.
  LabelTree(const char* op, at::ArrayRef<std::int64_t> parents,
            at::ArrayRef<std::int64_t> label_nodes);

  [[nodiscard]] int rows() const { return labels + 1; }
  /// Whether v is the node of the row's label or above it.
  [[nodiscard]] bool on_path(int v, int row) const {
    return path[(depth[v] - 1) * rows() + row] == v;
  }

  int nodes;
  int labels;
  int height = 0;                          ///< depth of the deepest node
  std::vector<std::int32_t> parent;        ///< [V]
  std::vector<std::int32_t> depth;         ///< [V], 1 at the top
  std::vector<std::vector<int>> children;  ///< [V]
  std::vector<int> order;                  ///< [V] parents before children
  std::vector<std::int32_t> path;  ///< [height,S] nodes from the top to the label's, then V
};

}  // namespace gyroseg::losses
