#include "gyroseg/metrics/background.h"

#include <gtest/gtest.h>

#include <optional>

#include "support/small_trees.h"

namespace gyroseg::background_test {

using testing::node;
using testing::tree_of;
using testing::worked_tree;

TEST(Background, AutoFindsTheTopLeafOnly) {
  EXPECT_EQ(background_node(worked_tree(), "auto"), 0);
  EXPECT_EQ(background_node(tree_of({node("x"), node("BG")}), "auto"), 1);
  EXPECT_EQ(
      background_node(tree_of({node("x"), node("y", {node("background"), node("z")})}), "auto"),
      std::nullopt);
  EXPECT_EQ(background_node(tree_of({node("background", {node("sky"), node("wall")})}), "auto"),
            std::nullopt);
  EXPECT_EQ(background_node(worked_tree(), "none"), std::nullopt);
  EXPECT_EQ(background_node(worked_tree(), "mammal"), 6);
  EXPECT_THROW((void)background_node(worked_tree(), "mamal"), HierarchyError);
}

TEST(Background, CoversTheClassesInsideItAtEveryLevel) {
  // A chain of single children stands for a shallow leaf that is repeated on every level.
  const Hierarchy chain = tree_of({node("background", {node("background", {node("background")})}),
                                   node("a", {node("b", {node("c"), node("d")})})});
  const auto found = background_node(chain, "auto");
  for (int k = 1; k <= 3; ++k) {
    EXPECT_TRUE(is_background(chain, chain.level(k)[0], found)) << k;
    EXPECT_FALSE(is_background(chain, chain.level(k)[1], found)) << k;
  }
  const Hierarchy tree = worked_tree();
  const auto mammal = background_node(tree, "mammal");
  EXPECT_FALSE(is_background(tree, tree.find("animal"), mammal));
  EXPECT_TRUE(is_background(tree, tree.find("mammal"), mammal));
  EXPECT_TRUE(is_background(tree, tree.find("dog"), mammal));
  EXPECT_FALSE(is_background(tree, tree.find("bird"), mammal));
}

}  // namespace gyroseg::background_test
