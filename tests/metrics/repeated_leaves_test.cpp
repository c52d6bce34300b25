#include <gtest/gtest.h>
#include <torch/utils.h>

#include "gyroseg/metrics/background.h"
#include "gyroseg/metrics/level_metrics.h"
#include "support/small_trees.h"

namespace gyroseg::repeated_leaves_test {

using testing::node;

Hierarchy person(bool repeat) {
  TreeSpec spec;
  spec.roots = {node("background"),
                node("body", {node("upper_body", {node("torso"), node("head")}),
                              node("lower_body", {node("low_leg"), node("up_leg")})})};
  spec.repeat_shallow_leaves = repeat;
  return Hierarchy(spec);
}

// Copies change the channels of a classifier, not what a figure means.
TEST(RepeatedLeaves, ChangeNoFigure) {
  const Hierarchy plain = person(false);
  const Hierarchy repeated = person(true);
  ASSERT_EQ(repeated.num_nodes(), plain.num_nodes() + 2);
  torch::manual_seed(4);
  const torch::Tensor labels =
      torch::randint(-1, plain.num_nodes(), {2, 9, 7}, torch::kInt64);
  Decoded decoded;
  for (int k = 1; k <= plain.num_levels(); ++k) {
    const auto classes = static_cast<std::int64_t>(plain.level(k).size());
    decoded.levels.push_back({torch::randint(classes, {2, 9, 7}, torch::kInt64),
                              torch::rand({2, 9, 7})});
  }
  const auto report_of = [&](const Hierarchy& tree) {
    LevelMetrics metrics(tree, "auto");
    metrics.add(decoded, labels);
    return metrics.report();
  };
  const MetricsReport expected = report_of(plain);
  const MetricsReport report = report_of(repeated);
  ASSERT_TRUE(expected.tree_distance_of_errors);
  EXPECT_EQ(report.tree_distance_of_errors, expected.tree_distance_of_errors);
  EXPECT_EQ(report.consistency_violations, expected.consistency_violations);
  for (std::size_t k = 0; k < expected.levels.size(); ++k) {
    EXPECT_EQ(report.levels[k].miou, expected.levels[k].miou);
    EXPECT_NE(expected.levels[k].miou, expected.levels[k].miou_without_background);
    EXPECT_EQ(report.levels[k].miou_without_background,
              expected.levels[k].miou_without_background);
    EXPECT_TRUE(torch::equal(report.levels[k].confusion, expected.levels[k].confusion));
  }
}

TEST(RepeatedLeaves, BackgroundIsFoundInEitherForm) {
  const Hierarchy tree = person(true);
  const std::optional<int> background = background_node(tree, "auto");
  ASSERT_TRUE(background);
  for (const char* name : {"background", "background@1", "background@2"}) {
    EXPECT_TRUE(is_background(tree, tree.find(name), background)) << name;
    EXPECT_TRUE(is_background(tree, tree.find(name), background_node(tree, "background"))) << name;
  }
  EXPECT_FALSE(is_background(tree, tree.find("body"), background));
}

}  // namespace gyroseg::repeated_leaves_test
