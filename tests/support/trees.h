#pragma once

#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "gyroseg/hierarchy/tree_spec.h"

namespace gyroseg {

inline NodeSpec node(std::string name, std::optional<int> label = std::nullopt) {
  return {std::move(name), {}, label, ""};
}

inline NodeSpec inner(std::string name, std::vector<NodeSpec> children) {
  return {std::move(name), std::move(children), std::nullopt, ""};
}

inline std::vector<NodeSpec> pascal_part_unlabelled() {
  return {node("background"),
          inner("body", {inner("upper_body", {node("low_hand"), node("up_hand"), node("torso"), node("head")}),
                         inner("lower_body", {node("low_leg"), node("up_leg")})})};
}

/// The tree of the seeds, mask values at the leaves.
inline TreeSpec pascal_part() {
  return {{node("background", 0),
           inner("body", {inner("upper_body", {node("low_hand", 1), node("up_hand", 6),
                                               node("torso", 2), node("head", 4)}),
                          inner("lower_body", {node("low_leg", 3), node("up_leg", 5)})})},
          {}};
}

/// A tree of at most `height` levels with unbalanced branches, single-child nodes and leaves at every
/// depth; leaves count from 0.
inline TreeSpec random_tree(std::mt19937& random, int height) {
  int next = 0;
  const auto grow = [&](auto&& self, int depth) -> NodeSpec {
    NodeSpec result = node(std::to_string(next++).insert(0, 1, 'n'));
    if (depth < height && random() % 3 != 0) {
      const int count = 1 + static_cast<int>(random() % 3);
      for (int i = 0; i < count; ++i) {
        result.children.push_back(self(self, depth + 1));
      }
    }
    return result;
  };
  TreeSpec spec;
  const int tops = 1 + static_cast<int>(random() % 4);
  for (int i = 0; i < tops; ++i) {
    spec.roots.push_back(grow(grow, 1));
  }
  return spec;
}

}  // namespace gyroseg
