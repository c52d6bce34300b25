#include "gyroseg/hierarchy/fold.h"

#include <gtest/gtest.h>
#include <torch/utils.h>

#include <random>

#include "support/trees.h"

namespace gyroseg::fold_test {

TEST(LevelFolder, LabelsFollowTheTreeAndLeaveTheInputAlone) {
  const Hierarchy tree(pascal_part());
  const LevelFolder folder(tree);
  const torch::Tensor labels = torch::arange(-1, tree.num_nodes(), torch::kInt64).view({1, -1, 1});
  const torch::Tensor before = labels.clone();
  for (int k = 1; k <= tree.num_levels(); ++k) {
    const torch::Tensor folded = folder.labels(labels, k);
    ASSERT_EQ(folded.sizes(), labels.sizes());
    EXPECT_EQ(folded.flatten()[0].item<std::int64_t>(), kIgnored);
    for (int v = 0; v < tree.num_nodes(); ++v) {
      EXPECT_EQ(folded.flatten()[v + 1].item<std::int64_t>(), tree.class_at(k, v));
    }
  }
  EXPECT_TRUE(torch::equal(labels, before));
}

TEST(LevelFolder, SumsEqualALoopOverLeaves) {
  std::mt19937 random(3);
  torch::manual_seed(3);
  for (int trial = 0; trial < 10; ++trial) {
    const Hierarchy tree(random_tree(random, 4));
    const LevelFolder folder(tree);
    const torch::Tensor log_p =
        torch::log_softmax(torch::randn({2, tree.num_leaves(), 3, 2}, torch::kFloat64), 1);
    for (int k = 1; k <= tree.num_levels(); ++k) {
      torch::Tensor expected =
          torch::zeros({2, static_cast<std::int64_t>(tree.level(k).size()), 3, 2}, torch::kFloat64);
      for (int leaf = 0; leaf < tree.num_leaves(); ++leaf) {
        expected.select(1, tree.class_at(k, leaf)).add_(log_p.select(1, leaf).exp());
      }
      // Rounding of a sum of at most some dozen float64 numbers below 1.
      EXPECT_TRUE(torch::allclose(folder.sum(log_p.exp(), k), expected, 0, 1e-14));
      EXPECT_TRUE(torch::allclose(folder.log_sum(log_p, k).exp(), expected, 0, 1e-14));
    }
  }
}

TEST(LevelFolder, LogSumIsExactWhereProbabilitiesUnderflow) {
  const LevelFolder folder{Hierarchy(pascal_part())};
  const torch::Tensor log_p = torch::full({1, 7, 1, 1}, -2000.0, torch::kFloat64);
  // Body holds six leaves of exp(-2000) each.
  EXPECT_NEAR(folder.log_sum(log_p, 1)[0][1].item<double>(), -2000.0 + std::log(6.0), 1e-12);
}

}  // namespace gyroseg::fold_test
