#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "gyroseg/hierarchy/tree_spec.h"

namespace gyroseg {

/// Node index of a pixel that no loss, level or metric counts. Label tensors hold node indices or this.
inline constexpr std::int64_t kIgnored = -1;

/// A rooted class tree of any shape: unbalanced, single-child nodes, leaves above the deepest level.
///
///   Symbols  C   leaves, node indices [0, C), ordered by mask value
///            V   nodes but the virtual root; inner nodes are [C, V), parents before children
///            D   height: edges from the virtual root to the deepest leaf
///            L   levels, L == D; level 1 is the coarsest, level L the leaves
///   Level k of a node is its ancestor at depth k; a leaf of smaller depth stands for itself. So every
///   level partitions the leaves. An inner node above depth k does not determine level k.
///   With spec.repeat_shallow_leaves every leaf above depth L becomes a chain of single children down
///   to it: copies "leaf@k" at the depths k above, the leaf itself, with its name and mask value, at
///   depth L. Copies are nodes as any other, but psi counts no edges within a chain: distances are
///   those of the tree as written.
///   Names may repeat in different branches (a category with a leaf of its own name).
///   Throws  HierarchyError naming the node: empty tree, empty or slashed name, siblings of one name,
///           unknown, ambiguous or doubly labelled node, two nodes of one mask value, value outside
///           [0, 65535], leaf without a value, a copy of a leaf beside a node of the copy's name.
class Hierarchy {
 public:
  explicit Hierarchy(const TreeSpec& spec);

  [[nodiscard]] int num_leaves() const { return num_leaves_; }
  [[nodiscard]] int num_nodes() const { return static_cast<int>(nodes_.size()); }
  [[nodiscard]] int num_levels() const { return static_cast<int>(levels_.size()); }
  [[nodiscard]] bool is_leaf(int node) const { return node < num_leaves_; }

  [[nodiscard]] const std::string& name(int node) const { return at(node).name; }
  /// Names from the root: "body/upper_body/head"; the copies of a leaf are no part of its path.
  [[nodiscard]] std::string path(int node) const;
  /// -1 at the top.
  [[nodiscard]] int parent(int node) const { return at(node).parent; }
  /// 1 at the top.
  [[nodiscard]] int depth(int node) const { return at(node).depth; }
  [[nodiscard]] const std::vector<int>& children(int node) const { return at(node).children; }
  /// The children of the virtual root.
  [[nodiscard]] const std::vector<int>& top_nodes() const { return top_nodes_; }
  /// The node, its parent, ... up to depth 1: A(v) of HSSN.
  [[nodiscard]] std::vector<int> ancestors(int node) const;
  /// Leaves at or below the node, in index order.
  [[nodiscard]] std::vector<int> leaves_of(int node) const;
  /// The highest copy of a repeated leaf; any other node itself. Its parent is the leaf's own.
  [[nodiscard]] int top_copy(int node) const;
  /// psi(u, v): number of edges between two nodes, through the virtual root where need be; none
  /// between the copies of a leaf.
  [[nodiscard]] int tree_distance(int u, int v) const;

  /// Classes of level k in [1, L] as nodes, ordered by their first leaf.
  [[nodiscard]] const std::vector<int>& level(int k) const { return levels_.at(k - 1); }
  /// Index in level(k) of the class that `node` belongs to, or -1 where it does not determine level k.
  [[nodiscard]] int class_at(int k, int node) const { return classes_at_.at(k - 1).at(node); }

  /// Mask value of a node, or nothing where masks cannot name it.
  [[nodiscard]] std::optional<int> label(int node) const { return at(node).label; }
  /// Mask value -> node.
  [[nodiscard]] const std::map<int, int>& nodes_by_label() const { return nodes_by_label_; }
  /// The node of a name or path; a bare name means the leaf where leaf and inner node share it.
  /// Throws HierarchyError: unknown (with the nearest name) or ambiguous.
  [[nodiscard]] int find(const std::string& name_or_path) const;

 private:
  struct Node {
    std::string name;
    int parent = -1;
    int depth = 1;
    std::vector<int> children;
    std::optional<int> label;
    bool copy = false;  ///< stands above the leaf that it repeats
  };
  [[nodiscard]] const Node& at(int node) const { return nodes_.at(node); }
  void add_nodes(const TreeSpec& spec);
  void apply_label_table(const TreeSpec& spec, std::vector<std::string>& places);
  void repeat_shallow_leaves();
  void order_nodes();
  void build_levels();

  std::vector<Node> nodes_;
  std::vector<int> top_nodes_;
  std::vector<std::vector<int>> levels_;
  std::vector<std::vector<int>> classes_at_;  ///< [L][V]
  std::map<int, int> nodes_by_label_;
  int num_leaves_ = 0;
};

/// The tree, its levels and the leaves of every class as text (`--print-hierarchy`).
[[nodiscard]] std::string describe(const Hierarchy& tree);

/// The candidate of smallest edit distance to `word`, or "" where none is near.
[[nodiscard]] std::string nearest_name(const std::string& word,
                                       const std::vector<std::string>& candidates);

}  // namespace gyroseg
