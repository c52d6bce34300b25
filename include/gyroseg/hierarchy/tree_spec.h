#pragma once

#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace gyroseg {

/// The user's class tree or label table is wrong; what() is one line that names the node.
class HierarchyError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// One node as the user wrote it. `place` ("train.yaml:12") prefixes every message about the node.
struct NodeSpec {
  std::string name;
  std::vector<NodeSpec> children;
  std::optional<int> label;  ///< mask value written at the node itself (seed 004's form)
  std::string place;
};

/// One row of the label table: the mask value of a node. `node` is a name, or a path "body/head".
struct LabelSpec {
  std::string node;
  int value = 0;
  std::string place;
};

/// A class tree as read, before any check. `roots` are the children of the virtual root.
struct TreeSpec {
  std::vector<NodeSpec> roots;
  std::vector<LabelSpec> labels;  ///< empty: labels stand at the nodes, or leaves count from 0
  bool repeat_shallow_leaves = false;  ///< classifier.repeat_shallow_leaves: see Hierarchy
};

}  // namespace gyroseg
