#include "gyroseg/metrics/background.h"

#include <algorithm>
#include <cctype>
#include <vector>

namespace gyroseg {

std::optional<int> background_node(const Hierarchy& tree, const std::string& setting) {
  if (setting == "none") {
    return std::nullopt;
  }
  if (setting != "auto") {
    return tree.find(setting);
  }
  for (const int node : tree.top_nodes()) {
    const std::vector<int> leaves = tree.leaves_of(node);
    const bool copies = leaves.size() == 1 && tree.top_copy(leaves.front()) == node;
    std::string name = tree.name(copies ? leaves.front() : node);
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if ((name == "background" || name == "bg") && leaves.size() == 1) {
      return node;
    }
  }
  return std::nullopt;
}

bool is_background(const Hierarchy& tree, int node, std::optional<int> background) {
  if (!background) {
    return false;
  }
  const std::vector<int> inside = tree.leaves_of(*background);
  const std::vector<int> leaves = tree.leaves_of(node);
  return std::includes(inside.begin(), inside.end(), leaves.begin(), leaves.end());
}

}  // namespace gyroseg
