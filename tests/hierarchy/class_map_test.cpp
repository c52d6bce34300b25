#include "gyroseg/hierarchy/class_map.h"

#include <gtest/gtest.h>
#include <torch/utils.h>

#include "support/trees.h"

namespace gyroseg::class_map_test {

// Pascal-Part with its nodes in another order and other mask values, its background a chain of copies.
TreeSpec reordered() {
  return {{inner("body", {inner("lower_body", {node("up_leg", 0), node("low_leg", 1)}),
                          inner("upper_body", {node("head", 2), node("torso", 3), node("up_hand", 5),
                                               node("low_hand", 4)})}),
           node("background", 6)},
          {},
          true};
}

TEST(ClassMap, FindsEveryClassByItsPath) {
  const Hierarchy from(pascal_part());
  const Hierarchy to(reordered());
  ASSERT_EQ(to.num_nodes(), 12);
  for (const auto& [a, b] : {std::pair{&from, &to}, std::pair{&to, &from}, std::pair{&to, &to}}) {
    const auto map = class_map(*a, *b);
    ASSERT_TRUE(map.has_value());
    for (int leaf = 0; leaf < a->num_leaves(); ++leaf) {
      const int there = map->leaves[leaf].item<int>();
      EXPECT_EQ(b->path(there), a->path(leaf));
      for (int k = 1; k <= a->num_levels(); ++k) {
        EXPECT_EQ(map->levels[k - 1][a->class_at(k, leaf)].item<int>(), b->class_at(k, there)) << a->path(leaf);
      }
    }
    ASSERT_EQ(map->nodes.size(0), b->num_nodes());
    for (int node = 0; node < b->num_nodes(); ++node) {
      const std::string name = b->name(node).substr(0, b->name(node).find('@'));
      EXPECT_EQ(a->name(map->nodes[node].item<int>()), name);
      EXPECT_EQ(b->is_leaf(node), a->is_leaf(map->nodes[node].item<int>()) && b->name(node) == name);
    }
  }
}

TEST(ClassMap, OtherClassesHaveNone) {
  const auto map_from = [](std::vector<NodeSpec> top) {
    return class_map(Hierarchy(TreeSpec{std::move(top), {}}), Hierarchy(pascal_part()));
  };
  const NodeSpec legs = inner("lower_body", {node("low_leg", 3), node("up_leg", 5)});
  const NodeSpec arms = inner("upper_body", {node("low_hand", 1), node("up_hand", 6), node("torso", 2), node("head", 4)});
  EXPECT_TRUE(map_from({node("background", 0), inner("body", {arms, legs})}).has_value());
  EXPECT_FALSE(map_from({node("background", 0), inner("person", {arms, legs})}).has_value());
  EXPECT_FALSE(map_from({node("background", 0), arms, legs}).has_value());
  EXPECT_FALSE(map_from({node("background", 0), inner("body", {arms})}).has_value());
  EXPECT_FALSE(map_from({node("background", 0), node("sky", 7), inner("body", {arms, legs})}).has_value());
  // A category of one class is a class of its own, though its leaves are those of a leaf.
  EXPECT_FALSE(map_from({inner("background", {node("background", 0)}), inner("body", {arms, legs})}).has_value());
}

TEST(ClassMap, WhatIsNoClassStaysWhenMapped) {
  const torch::Tensor classes = torch::tensor({2, -1, 0, -2}, torch::kInt64).view({2, 2});
  EXPECT_TRUE(torch::equal(mapped(classes, torch::tensor({7, 8, 9}, torch::kInt64)),
                           torch::tensor({9, -1, 7, -2}, torch::kInt64).view({2, 2})));
}

}  // namespace gyroseg::class_map_test
