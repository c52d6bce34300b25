#include <algorithm>
#include <sstream>

#include "gyroseg/hierarchy/hierarchy.h"

namespace gyroseg {
namespace {

void draw_subtree(const Hierarchy& tree, int node, const std::string& indent, bool last,
                  std::ostream& out) {
  out << indent << (last ? "`-- " : "|-- ") << tree.name(node);
  if (tree.label(node)) {
    out << " (" << *tree.label(node) << ")";
  }
  out << '\n';
  const std::vector<int>& children = tree.children(node);
  for (const int child : children) {
    draw_subtree(tree, child, indent + (last ? "    " : "|   "), child == children.back(), out);
  }
}

}  // namespace

std::string describe(const Hierarchy& tree) {
  std::ostringstream out;
  out << tree.num_leaves() << " leaves, " << tree.num_nodes() << " nodes, " << tree.num_levels()
      << " levels; mask values in parentheses\n";
  for (const int node : tree.top_nodes()) {
    draw_subtree(tree, node, "", node == tree.top_nodes().back(), out);
  }
  for (int k = 1; k <= tree.num_levels(); ++k) {
    out << "\nlevel " << k << " (" << tree.level(k).size() << " classes"
        << (k == 1 ? ", the coarsest" : "") << (k == tree.num_levels() ? ", the leaves" : "")
        << ")\n";
    for (const int node : tree.level(k)) {
      out << "  " << tree.name(node);
      if (!tree.is_leaf(node)) {
        out << ":";
        for (const int leaf : tree.leaves_of(node)) {
          out << " " << tree.name(leaf);
        }
      }
      out << '\n';
    }
  }
  return out.str();
}

std::string nearest_name(const std::string& word, const std::vector<std::string>& candidates) {
  const auto edit_distance = [&](const std::string& other) {
    std::vector<std::size_t> row(other.size() + 1);
    for (std::size_t j = 0; j <= other.size(); ++j) {
      row[j] = j;
    }
    for (std::size_t i = 1; i <= word.size(); ++i) {
      std::size_t diagonal = row[0];
      row[0] = i;
      for (std::size_t j = 1; j <= other.size(); ++j) {
        const std::size_t substituted = diagonal + (word[i - 1] == other[j - 1] ? 0 : 1);
        diagonal = row[j];
        row[j] = std::min({substituted, row[j] + 1, row[j - 1] + 1});
      }
    }
    return row[other.size()];
  };
  std::string best;
  // Farther than half of the word is no suggestion but a guess.
  std::size_t best_distance = std::max<std::size_t>(word.size() / 2, 1) + 1;
  for (const std::string& candidate : candidates) {
    const std::size_t distance = edit_distance(candidate);
    if (distance < best_distance) {
      best_distance = distance;
      best = candidate;
    }
  }
  return best;
}

}  // namespace gyroseg
