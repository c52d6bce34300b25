#pragma once

#include <random>
#include <string>
#include <utility>
#include <vector>

#include "gyroseg/hierarchy/hierarchy.h"

namespace gyroseg::testing {

inline NodeSpec node(const std::string& name, std::vector<NodeSpec> children = {}) {
  NodeSpec spec;
  spec.name = name;
  spec.children = std::move(children);
  return spec;
}

inline Hierarchy tree_of(std::vector<NodeSpec> roots) {
  TreeSpec spec;
  spec.roots = std::move(roots);
  return Hierarchy(spec);
}

/// The tree of docs/metrics.md: leaves background 0, bird 1, cat 2, dog 3, horse 4; inner nodes
/// animal 5, mammal 6.
inline Hierarchy worked_tree() {
  return tree_of(
      {node("background"),
       node("animal", {node("bird"), node("mammal", {node("cat"), node("dog"), node("horse")})})});
}

/// A random unbalanced tree of height <= 4: single-child nodes and shallow leaves included.
inline Hierarchy random_tree(unsigned seed) {
  std::mt19937 random(seed);
  int next = 0;
  const auto below = [&](int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); };
  const auto grow = [&](const auto& self, int depth) -> NodeSpec {
    NodeSpec spec = node(std::to_string(next++).append("n"));
    if (depth < 4 && below(3) > 0) {
      const int children = 1 + below(3);
      for (int i = 0; i < children; ++i) {
        spec.children.push_back(self(self, depth + 1));
      }
    }
    return spec;
  };
  std::vector<NodeSpec> roots = {node("background")};
  const int tops = 1 + below(3);
  for (int i = 0; i < tops; ++i) {
    roots.push_back(grow(grow, 1));
  }
  return tree_of(std::move(roots));
}

/// The tree of architecture.md: the seven classes of the seeds' Pascal-Part.
inline Hierarchy person_tree() {
  return tree_of(
      {node("background"), node("body", {node("upper_body", {node("low_hand"), node("torso"),
                                                             node("head"), node("up_hand")}),
                                         node("lower_body", {node("low_leg"), node("up_leg")})})});
}

}  // namespace gyroseg::testing
