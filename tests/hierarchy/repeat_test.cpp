#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <set>

#include "gyroseg/hierarchy/fold.h"
#include "gyroseg/hierarchy/hierarchy.h"
#include "support/trees.h"

namespace gyroseg::repeat_test {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TreeSpec repeated(TreeSpec spec) {
  spec.repeat_shallow_leaves = true;
  return spec;
}

TEST(RepeatShallowLeaves, PascalPartHasTwelveNodes) {
  const Hierarchy plain(pascal_part());
  const Hierarchy tree(repeated(pascal_part()));
  EXPECT_EQ(plain.num_nodes(), 10);
  EXPECT_EQ(tree.num_nodes(), 2 + 3 + 7);
  EXPECT_EQ(tree.num_leaves(), 7);
  EXPECT_EQ(tree.num_levels(), 3);
  const auto names = [&](int k) {
    std::vector<std::string> result;
    for (const int node : tree.level(k)) {
      result.push_back(tree.name(node));
    }
    return result;
  };
  EXPECT_THAT(names(1), ElementsAre("background@1", "body"));
  EXPECT_THAT(names(2), ElementsAre("background@2", "upper_body", "lower_body"));
  EXPECT_THAT(names(3), ElementsAre("background", "low_hand", "torso", "low_leg", "head", "up_leg",
                                    "up_hand"));
  const int background = tree.find("background");
  EXPECT_EQ(tree.label(background), 0);
  EXPECT_EQ(tree.path(background), "background");
  EXPECT_EQ(tree.name(tree.top_copy(background)), "background@1");
  EXPECT_EQ(tree.top_copy(tree.find("head")), tree.find("head"));
  EXPECT_EQ(tree.ancestors(background).size(), 3U);
  // The channels of the plain tree come first, the copies last.
  for (int v = 0; v < plain.num_nodes(); ++v) {
    EXPECT_EQ(tree.path(v), plain.path(v));
  }
  EXPECT_THAT(describe(tree), HasSubstr("|-- background@1\n"
                                        "|   `-- background@2\n"
                                        "|       `-- background (0)\n"
                                        "`-- body\n"));
}

TEST(RepeatShallowLeaves, AnyTreeGetsOneNodeAClassOfEveryLevel) {
  std::mt19937 random(5);
  for (int trial = 0; trial < 60; ++trial) {
    const TreeSpec spec = random_tree(random, 5);
    const Hierarchy plain(spec);
    const Hierarchy tree(repeated(spec));
    ASSERT_EQ(tree.num_leaves(), plain.num_leaves());
    ASSERT_EQ(tree.num_levels(), plain.num_levels());
    std::size_t classes = 0;
    for (int k = 1; k <= tree.num_levels(); ++k) {
      std::set<std::string> names;
      for (const int node : tree.level(k)) {
        EXPECT_EQ(tree.depth(node), k);
        names.insert(tree.name(node));
      }
      EXPECT_EQ(names.size(), tree.level(k).size());
      classes += tree.level(k).size();
      // The classes of every level are the same sets of leaves.
      const torch::Tensor expected = LevelFolder(plain).leaf_classes(k);
      EXPECT_TRUE(torch::equal(LevelFolder(tree).leaf_classes(k), expected));
    }
    EXPECT_EQ(static_cast<std::size_t>(tree.num_nodes()), classes);
    for (int v = tree.num_leaves(); v < tree.num_nodes(); ++v) {
      EXPECT_LT(tree.parent(v), v);
    }
    for (int u = 0; u < plain.num_nodes(); ++u) {
      EXPECT_EQ(tree.path(u), plain.path(u));
      EXPECT_EQ(tree.find(plain.path(u)), u);
      for (int v = 0; v < plain.num_nodes(); ++v) {
        EXPECT_EQ(tree.tree_distance(u, v), plain.tree_distance(u, v));
      }
    }
    for (int u = plain.num_nodes(); u < tree.num_nodes(); ++u) {
      const int leaf = tree.leaves_of(u).at(0);
      EXPECT_EQ(tree.tree_distance(u, leaf), 0);
      EXPECT_EQ(tree.tree_distance(u, 0), plain.tree_distance(leaf, 0));
    }
  }
}

TEST(RepeatShallowLeaves, BalancedTreesStayAsTheyAre) {
  const TreeSpec spec = {{inner("a", {node("x"), node("y")}), inner("b", {node("z")})}, {}};
  EXPECT_EQ(describe(Hierarchy(repeated(spec))), describe(Hierarchy(spec)));
}

TEST(RepeatShallowLeaves, LabelsNameTheTreeAsWritten) {
  const Hierarchy tree(repeated({{inner("body", {node("tail"), inner("limbs", {node("arm")})}),
                                  inner("plane", {node("tail")})},
                                 {{"body/tail", 3, ""}, {"arm", 1, ""}, {"plane/tail", 2, ""},
                                  {"body", 9, ""}}}));
  EXPECT_EQ(tree.path(tree.nodes_by_label().at(3)), "body/tail");
  EXPECT_EQ(tree.find("body/tail@2"), tree.parent(tree.find("body/tail")));
  // An inner node above the copies determines its own level only.
  EXPECT_EQ(tree.class_at(2, tree.nodes_by_label().at(9)), -1);
}

TEST(RepeatShallowLeaves, ACopyBesideItsOwnNameIsRefused) {
  try {
    const Hierarchy tree(repeated({{node("a"), node("a@1"), inner("b", {node("c")})}, {}}));
    FAIL() << "no error";
  } catch (const HierarchyError& error) {
    EXPECT_STREQ(error.what(), "hierarchy: node \"a\": classifier.repeat_shallow_leaves repeats it "
                               "as a@1, which stands beside it already; rename that node");
  }
}

}  // namespace gyroseg::repeat_test
