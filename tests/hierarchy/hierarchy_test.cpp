#include "gyroseg/hierarchy/hierarchy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <random>
#include <set>

#include "support/trees.h"

namespace gyroseg::hierarchy_test {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::string> names(const Hierarchy& tree, const std::vector<int>& nodes) {
  std::vector<std::string> result;
  for (const int node : nodes) {
    result.push_back(tree.name(node));
  }
  return result;
}

std::string error_of(const TreeSpec& spec) {
  try {
    const Hierarchy tree(spec);
  } catch (const HierarchyError& error) {
    return error.what();
  }
  return "no error";
}

TEST(Hierarchy, PascalPartHasTheThreeLevelsOfTheSeeds) {
  const Hierarchy tree(pascal_part());
  EXPECT_EQ(tree.num_leaves(), 7);
  EXPECT_EQ(tree.num_nodes(), 10);
  EXPECT_EQ(tree.num_levels(), 3);
  EXPECT_THAT(names(tree, tree.level(1)), ElementsAre("background", "body"));
  EXPECT_THAT(names(tree, tree.level(2)), ElementsAre("background", "upper_body", "lower_body"));
  EXPECT_THAT(names(tree, tree.level(3)), ElementsAre("background", "low_hand", "torso", "low_leg",
                                                      "head", "up_leg", "up_hand"));
}

TEST(Hierarchy, LeavesAreOrderedByMaskValueAndInnerNodesFollow) {
  const Hierarchy tree(pascal_part());
  for (int leaf = 0; leaf < 7; ++leaf) {
    EXPECT_EQ(tree.label(leaf), leaf);
  }
  EXPECT_EQ(tree.name(7), "body");
  EXPECT_EQ(tree.label(7), std::nullopt);
  for (int v = 7; v < 10; ++v) {
    EXPECT_FALSE(tree.is_leaf(v));
    EXPECT_LT(tree.parent(v), v);
  }
}

TEST(Hierarchy, TreeDistanceCountsEdgesThroughTheVirtualRoot) {
  const Hierarchy tree(pascal_part());
  const auto psi = [&](const std::string& u, const std::string& v) {
    return tree.tree_distance(tree.find(u), tree.find(v));
  };
  EXPECT_EQ(psi("head", "head"), 0);
  EXPECT_EQ(psi("head", "torso"), 2);
  EXPECT_EQ(psi("head", "low_leg"), 4);
  EXPECT_EQ(psi("head", "background"), 4);
  EXPECT_EQ(psi("head", "body"), 2);
  EXPECT_EQ(psi("background", "body"), 2);
}

TEST(Hierarchy, InnerNodesDetermineOnlyTheirOwnLevels) {
  const Hierarchy tree(pascal_part());
  const int upper = tree.find("upper_body");
  EXPECT_EQ(tree.class_at(1, upper), 1);
  EXPECT_EQ(tree.class_at(2, upper), 1);
  EXPECT_EQ(tree.class_at(3, upper), -1);
  EXPECT_EQ(tree.class_at(2, tree.find("body")), -1);
}

TEST(Hierarchy, CategoryAndLeafMayShareAName) {
  const Hierarchy tree(
      TreeSpec{{inner("background", {inner("sky", {node("sky")}), inner("nature", {node("tree")})}),
                inner("road", {node("lane")})},
               {{"sky", 3, ""}, {"tree", 9, ""}, {"lane", 4, ""}}});
  EXPECT_TRUE(tree.is_leaf(tree.find("sky")));
  EXPECT_EQ(tree.path(tree.find("sky")), "background/sky/sky");
  EXPECT_FALSE(tree.is_leaf(tree.find("background/sky")));
  EXPECT_EQ(tree.label(tree.find("sky")), 3);
  EXPECT_EQ(tree.nodes_by_label().at(9), tree.find("tree"));
}

TEST(Hierarchy, WithoutLabelsLeavesCountFromZeroInFileOrder) {
  const Hierarchy tree(TreeSpec{{inner("a", {node("z"), node("b")}), node("c")}, {}});
  EXPECT_THAT(names(tree, tree.level(2)), ElementsAre("z", "b", "c"));
  EXPECT_EQ(tree.label(2), 2);
}

TEST(Hierarchy, LabelsMayNameInnerNodes) {
  TreeSpec spec = pascal_part();
  spec.labels = {{"background", 0, ""}, {"low_hand", 1, ""}, {"torso", 2, ""},      {"low_leg", 3, ""},
                 {"head", 4, ""},       {"up_leg", 5, ""},   {"up_hand", 6, ""},    {"body", 7, ""},
                 {"upper_body", 8, ""}, {"body/lower_body", 9, ""}};
  spec.roots = pascal_part_unlabelled();
  const Hierarchy tree(spec);
  EXPECT_EQ(tree.nodes_by_label().at(8), tree.find("upper_body"));
  EXPECT_EQ(tree.nodes_by_label().size(), 10U);
}

// Every level partitions the leaves, refines the level above, and psi is the metric of the tree; against
// paths written out, on random trees of every shape.
TEST(Hierarchy, RandomTreesKeepTheLaws) {
  std::mt19937 random(7);
  for (int trial = 0; trial < 50; ++trial) {
    const Hierarchy tree(random_tree(random, 2 + trial % 5));
    for (int k = 1; k <= tree.num_levels(); ++k) {
      std::set<int> seen;
      for (const int node : tree.level(k)) {
        for (const int leaf : tree.leaves_of(node)) {
          EXPECT_TRUE(seen.insert(leaf).second);
          EXPECT_EQ(tree.level(k)[tree.class_at(k, leaf)], node);
          const std::vector<int> path = tree.ancestors(leaf);
          const int depth = static_cast<int>(path.size());
          EXPECT_EQ(node, depth <= k ? leaf : path[depth - k]);
        }
      }
      EXPECT_EQ(static_cast<int>(seen.size()), tree.num_leaves());
    }
    for (int u = 0; u < tree.num_nodes(); ++u) {
      for (int v = 0; v < tree.num_nodes(); ++v) {
        std::vector<int> a = tree.ancestors(u);
        std::vector<int> b = tree.ancestors(v);
        while (!a.empty() && !b.empty() && a.back() == b.back()) {
          a.pop_back();
          b.pop_back();
        }
        EXPECT_EQ(tree.tree_distance(u, v), static_cast<int>(a.size() + b.size()));
      }
    }
  }
}

TEST(HierarchyErrors, NameTheNodeAndThePlace) {
  EXPECT_THAT(error_of({}), HasSubstr("the tree has no nodes"));
  EXPECT_EQ(error_of({{node("a"), {"a", {}, std::nullopt, "t.yaml:4"}}, {}}),
            "t.yaml:4: hierarchy: node \"a\": stands twice under the same parent");
  EXPECT_EQ(error_of({{inner("body", {node("")})}, {}}),
            "hierarchy: node \"body/\": a name must not be empty");
  EXPECT_THAT(error_of({{node("a/b")}, {}}), HasSubstr("node \"a/b\": a name must not contain '/'"));
  EXPECT_EQ(error_of({{node("head"), node("torso")}, {{"hed", 0, "t.yaml:7"}}}),
            "t.yaml:7: labels: no node \"hed\" in the hierarchy, did you mean head?");
  EXPECT_EQ(error_of({{node("head"), node("torso")}, {{"head", 0, ""}}}),
            "hierarchy: node \"torso\": this leaf has no mask value; add it to labels");
  EXPECT_EQ(error_of({{node("head"), node("torso")}, {{"head", 1, ""}, {"torso", 1, "t.yaml:9"}}}),
            "t.yaml:9: hierarchy: node \"torso\": mask value 1 belongs to node \"head\" already");
  EXPECT_EQ(error_of({{node("head")}, {{"head", 1, ""}, {"head", 2, "t.yaml:9"}}}),
            "t.yaml:9: hierarchy: node \"head\": has two mask values, 1 and 2");
  EXPECT_THAT(error_of({{node("head")}, {{"head", 70000, ""}}}), HasSubstr("from 0 to 65535, got 70000"));
  EXPECT_THAT(error_of({{inner("a", {node("x")}), inner("b", {node("x")})}, {{"x", 0, ""}}}),
              HasSubstr("node \"x\" is ambiguous: write the path, \"a/x\" or \"b/x\""));
}

TEST(Describe, ShowsTreeLevelsAndTheLeavesOfEveryClass) {
  const std::string text = describe(Hierarchy(pascal_part()));
  EXPECT_THAT(text, HasSubstr("7 leaves, 10 nodes, 3 levels"));
  EXPECT_THAT(text, HasSubstr("    |-- upper_body"));
  EXPECT_THAT(text, HasSubstr("low_hand (1)"));
  EXPECT_THAT(text, HasSubstr("  lower_body: low_leg up_leg"));
}

TEST(NearestName, SuggestsOnlyWhatIsNear) {
  EXPECT_EQ(nearest_name("dims", {"space", "dim", "curvature"}), "dim");
  EXPECT_EQ(nearest_name("xyz", {"curvature", "space"}), "");
}

}  // namespace gyroseg::hierarchy_test
