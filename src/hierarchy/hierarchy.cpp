#include "gyroseg/hierarchy/hierarchy.h"

#include <algorithm>
#include <functional>
#include <numeric>
#include <set>

namespace gyroseg {
namespace {

constexpr int kLargestLabel = 65535;  // 16-bit grey PNG

[[noreturn]] void fail(const std::string& place, const std::string& node, const std::string& what) {
  throw HierarchyError((place.empty() ? "" : place + ": ") + "hierarchy: node \"" + node +
                       "\": " + what);
}

void check_siblings(const std::vector<NodeSpec>& siblings, const std::string& parent_path) {
  std::set<std::string> names;
  for (const NodeSpec& node : siblings) {
    const std::string path = parent_path.empty() ? node.name : parent_path + "/" + node.name;
    if (node.name.empty()) {
      fail(node.place, path, "a name must not be empty");
    }
    if (node.name.find('/') != std::string::npos) {
      fail(node.place, path, "a name must not contain '/', which separates names in a path");
    }
    if (!names.insert(node.name).second) {
      fail(node.place, path, "stands twice under the same parent");
    }
    check_siblings(node.children, path);
  }
}

}  // namespace

Hierarchy::Hierarchy(const TreeSpec& spec) {
  if (spec.roots.empty()) {
    throw HierarchyError("hierarchy: the tree has no nodes; expected nested names such as "
                         "{background: {}, body: {head: {}, torso: {}}}");
  }
  check_siblings(spec.roots, "");
  add_nodes(spec);
  if (spec.repeat_shallow_leaves) {
    repeat_shallow_leaves();
  }
  order_nodes();
  build_levels();
}

void Hierarchy::add_nodes(const TreeSpec& spec) {
  std::vector<std::string> places;
  const std::function<int(const NodeSpec&, int)> add = [&](const NodeSpec& node, int parent) {
    const int index = num_nodes();
    nodes_.push_back(
        {node.name, parent, parent < 0 ? 1 : nodes_[parent].depth + 1, {}, node.label, false});
    places.push_back(node.place);
    for (const NodeSpec& child : node.children) {
      const int child_index = add(child, index);
      nodes_[index].children.push_back(child_index);
    }
    return index;
  };
  for (const NodeSpec& root : spec.roots) {
    top_nodes_.push_back(add(root, -1));
  }
  const bool labels_at_nodes =
      std::any_of(nodes_.begin(), nodes_.end(), [](const Node& n) { return n.label.has_value(); });
  if (!spec.labels.empty()) {
    apply_label_table(spec, places);
  } else if (!labels_at_nodes) {
    int next = 0;
    for (Node& node : nodes_) {
      if (node.children.empty()) {
        node.label = next++;
      }
    }
  }
  for (int v = 0; v < num_nodes(); ++v) {
    const Node& node = nodes_[v];
    if (node.children.empty() && !node.label) {
      fail(places[v], path(v), "this leaf has no mask value; add it to labels");
    }
    if (!node.label) {
      continue;
    }
    if (*node.label < 0 || *node.label > kLargestLabel) {
      fail(places[v], path(v), "expected a mask value from 0 to 65535, got " +
                                   std::to_string(*node.label));
    }
    const auto [other, fresh] = nodes_by_label_.emplace(*node.label, v);
    if (!fresh) {
      fail(places[v], path(v), "mask value " + std::to_string(*node.label) + " belongs to node \"" +
                                   path(other->second) + "\" already");
    }
  }
}

void Hierarchy::apply_label_table(const TreeSpec& spec, std::vector<std::string>& places) {
  for (const LabelSpec& row : spec.labels) {
    int v = -1;
    try {
      v = find(row.node);
    } catch (const HierarchyError& error) {
      throw HierarchyError((row.place.empty() ? "" : row.place + ": ") + "labels: " + error.what());
    }
    if (nodes_[v].label) {
      fail(row.place, path(v), "has two mask values, " + std::to_string(*nodes_[v].label) + " and " +
                                   std::to_string(row.value));
    }
    nodes_[v].label = row.value;
    if (!row.place.empty()) {
      places[v] = row.place;
    }
  }
}

// Copies go between a shallow leaf and its parent: the leaf keeps its name and value at the bottom.
void Hierarchy::repeat_shallow_leaves() {
  int height = 0;
  for (const Node& node : nodes_) {
    height = std::max(height, node.depth);
  }
  const int written = num_nodes();
  for (int leaf = 0; leaf < written; ++leaf) {
    if (!nodes_[leaf].children.empty()) {
      continue;
    }
    int parent = nodes_[leaf].parent;
    for (int depth = nodes_[leaf].depth; depth < height; ++depth) {
      const int copy = num_nodes();
      std::vector<int>& siblings = parent < 0 ? top_nodes_ : nodes_[parent].children;
      *std::find(siblings.begin(), siblings.end(), leaf) = copy;
      const std::string name = nodes_[leaf].name + "@" + std::to_string(depth);
      if (std::any_of(siblings.begin(), siblings.end(),
                      [&](int node) { return node < copy && nodes_[node].name == name; })) {
        fail("", path(leaf), "classifier.repeat_shallow_leaves repeats it as " + name +
                                 ", which stands beside it already; rename that node");
      }
      nodes_.push_back({name, parent, depth, {leaf}, std::nullopt, true});
      parent = copy;
    }
    nodes_[leaf].parent = parent;
    nodes_[leaf].depth = height;
  }
}

// Leaves first, by mask value; then inner nodes in the order of the tree and the copies of
// leaves, parents before children.
void Hierarchy::order_nodes() {
  std::vector<int> order(num_nodes());
  std::iota(order.begin(), order.end(), 0);
  const auto is_leaf_node = [&](int v) { return nodes_[v].children.empty(); };
  const auto inner = std::stable_partition(order.begin(), order.end(), is_leaf_node);
  std::sort(order.begin(), inner,
            [&](int u, int v) { return *nodes_[u].label < *nodes_[v].label; });
  num_leaves_ = static_cast<int>(inner - order.begin());

  std::vector<int> new_index(num_nodes());
  for (int i = 0; i < num_nodes(); ++i) {
    new_index[order[i]] = i;
  }
  std::vector<Node> ordered;
  for (const int v : order) {
    Node node = std::move(nodes_[v]);
    node.parent = node.parent < 0 ? -1 : new_index[node.parent];
    std::transform(node.children.begin(), node.children.end(), node.children.begin(),
                   [&](int child) { return new_index[child]; });
    ordered.push_back(std::move(node));
  }
  nodes_ = std::move(ordered);
  std::transform(top_nodes_.begin(), top_nodes_.end(), top_nodes_.begin(),
                 [&](int v) { return new_index[v]; });
  for (auto& [label, v] : nodes_by_label_) {
    v = new_index[v];
  }
}

void Hierarchy::build_levels() {
  const int height =
      std::max_element(nodes_.begin(), nodes_.end(), [](const Node& a, const Node& b) {
        return a.depth < b.depth;
      })->depth;
  for (int k = 1; k <= height; ++k) {
    // The node that stands for `v` at depth k: an ancestor, or a shallower leaf itself.
    const auto representative = [&](int v) {
      while (nodes_[v].depth > k) {
        v = nodes_[v].parent;
      }
      return v;
    };
    std::vector<int> classes;
    for (int leaf = 0; leaf < num_leaves_; ++leaf) {
      const int node = representative(leaf);
      if (std::find(classes.begin(), classes.end(), node) == classes.end()) {
        classes.push_back(node);
      }
    }
    std::vector<int> class_of_node(num_nodes(), -1);
    for (int v = 0; v < num_nodes(); ++v) {
      const auto found = std::find(classes.begin(), classes.end(), representative(v));
      class_of_node[v] =
          found == classes.end() ? -1 : static_cast<int>(found - classes.begin());
    }
    levels_.push_back(std::move(classes));
    classes_at_.push_back(std::move(class_of_node));
  }
}

std::string Hierarchy::path(int node) const {
  int above = parent(node);
  while (above >= 0 && at(above).copy) {
    above = parent(above);
  }
  return above < 0 ? name(node) : path(above) + "/" + name(node);
}

std::vector<int> Hierarchy::ancestors(int node) const {
  std::vector<int> result;
  for (int v = node; v >= 0; v = parent(v)) {
    result.push_back(v);
  }
  return result;
}

std::vector<int> Hierarchy::leaves_of(int node) const {
  if (is_leaf(node)) {
    return {node};
  }
  std::vector<int> result;
  for (const int child : children(node)) {
    const std::vector<int> below = leaves_of(child);
    result.insert(result.end(), below.begin(), below.end());
  }
  std::sort(result.begin(), result.end());
  return result;
}

int Hierarchy::top_copy(int node) const {
  while (parent(node) >= 0 && at(parent(node)).copy) {
    node = parent(node);
  }
  return node;
}

int Hierarchy::tree_distance(int u, int v) const {
  u = top_copy(u);
  v = top_copy(v);
  int edges = 0;
  while (u != v) {
    // -1, the virtual root, has depth 0.
    const int du = u < 0 ? 0 : depth(u);
    const int dv = v < 0 ? 0 : depth(v);
    if (du >= dv) {
      u = parent(u);
    } else {
      v = parent(v);
    }
    ++edges;
  }
  return edges;
}

int Hierarchy::find(const std::string& name_or_path) const {
  std::vector<int> leaves;
  std::vector<int> inner;
  std::vector<std::string> known;
  for (int v = 0; v < num_nodes(); ++v) {
    if (path(v) == name_or_path && name_or_path.find('/') != std::string::npos) {
      return v;
    }
    known.push_back(name(v));
    if (name(v) == name_or_path) {
      (children(v).empty() ? leaves : inner).push_back(v);
    }
  }
  const std::vector<int>& matches = leaves.empty() ? inner : leaves;
  if (matches.empty()) {
    const std::string near = nearest_name(name_or_path, known);
    throw HierarchyError("no node \"" + name_or_path + "\" in the hierarchy" +
                         (near.empty() ? "" : ", did you mean " + near + "?"));
  }
  if (matches.size() > 1) {
    throw HierarchyError("node \"" + name_or_path + "\" is ambiguous: write the path, \"" +
                         path(matches[0]) + "\" or \"" + path(matches[1]) + "\"");
  }
  return matches[0];
}

}  // namespace gyroseg
