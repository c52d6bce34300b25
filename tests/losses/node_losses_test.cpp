// Losses of all nodes against loops over pixels in float64.
#include <cmath>

#include <gtest/gtest.h>
#include <torch/types.h>

#include "gyroseg/hierarchy/fold.h"
#include "gyroseg/losses/bce.h"
#include "gyroseg/losses/cross_entropy.h"
#include "gyroseg/losses/hierarchical_softmax.h"
#include "random_batch.h"
#include "support/value_error.h"

namespace gyroseg::node_losses_test {

using testing::pixel_labels;
using testing::pixel_rows;
using testing::random_labels;
using testing::random_logits;
using testing::tree_of_height;

constexpr double kExact = 1e-12;

TEST(Bce, EqualsALoopOverPixelsAndNodes) {
  for (const int height : {1, 2, 3, 5}) {
    const Hierarchy tree = tree_of_height(height, 11);
    const torch::Tensor logits = random_logits({2, tree.num_nodes(), 4, 5}, torch::kFloat64, 1, 5.0);
    const torch::Tensor labels = random_labels(tree.num_nodes(), {2, 4, 5}, 2);
    const auto rows = pixel_rows(logits);
    const auto y = pixel_labels(labels);
    double sum = 0;
    int pairs = 0;
    for (std::size_t i = 0; i < y.size(); ++i) {
      for (int v = 0; y[i] >= 0 && v < tree.num_nodes(); ++v) {
        const int u = static_cast<int>(y[i]);
        if (!tree.is_leaf(u) && tree.depth(v) > tree.depth(u)) {
          continue;
        }
        const std::vector<int> path = tree.ancestors(u);
        const bool on_path = std::find(path.begin(), path.end(), v) != path.end();
        const double s = 1 / (1 + std::exp(-rows[i][v]));
        sum -= on_path ? std::log(s) : std::log(1 - s);
        ++pairs;
      }
    }
    EXPECT_NEAR(bce_loss(logits, labels, tree).item<double>(), sum / pairs, 1e-10);
  }
}

TEST(Bce, IsFiniteForAnyLogits) {
  const Hierarchy tree(pascal_part());
  const torch::Tensor logits = torch::full({1, 10, 1, 2}, 1e30);
  const torch::Tensor labels = torch::tensor({{{0, 7}}}, torch::kInt64);
  EXPECT_TRUE(bce_loss(logits, labels, tree).isfinite().item<bool>());
  const torch::Tensor g = testing::gradient(
      [&](const torch::Tensor& z) { return bce_loss(z, labels, tree); }, logits);
  EXPECT_TRUE(g.isfinite().all().item<bool>());
  testing::expect_value_error([&] { (void)bce_loss(logits.narrow(1, 0, 7), labels, tree); },
                              "one channel a node (10)");
}

/// P of every node of one pixel, by the definition.
std::vector<double> path_products(const Hierarchy& tree, const std::vector<double>& z) {
  std::vector<double> result;
  for (int v = 0; v < tree.num_nodes(); ++v) {
    double product = 1;
    for (const int u : tree.ancestors(v)) {
      const std::vector<int>& siblings =
          tree.parent(u) < 0 ? tree.top_nodes() : tree.children(tree.parent(u));
      double total = 0;
      for (const int sibling : siblings) {
        total += std::exp(z[sibling]);
      }
      product *= std::exp(z[u]) / total;
    }
    result.push_back(product);
  }
  return result;
}

TEST(SiblingSoftmax, EqualsTheProductAlongThePath) {
  for (const int height : {1, 2, 3, 5}) {
    for (const bool repeat : {false, true}) {
      std::mt19937 random(height);
      TreeSpec spec = random_tree(random, height);
      spec.repeat_shallow_leaves = repeat;
      const Hierarchy tree(spec);
      const torch::Tensor logits = random_logits({2, tree.num_nodes(), 2, 3}, torch::kFloat64, 3);
      const torch::Tensor log_p = SiblingSoftmax(tree).log_probabilities(logits);
      const auto rows = pixel_rows(logits);
      const auto results = pixel_rows(log_p);
      for (std::size_t i = 0; i < rows.size(); ++i) {
        const std::vector<double> expected = path_products(tree, rows[i]);
        for (int v = 0; v < tree.num_nodes(); ++v) {
          EXPECT_NEAR(std::exp(results[i][v]), expected[v], kExact);
        }
      }
      // Every level is a partition.
      const LevelFolder folder(tree);
      for (int k = 1; k <= tree.num_levels(); ++k) {
        const torch::Tensor sums = log_p.index_select(1, folder.level_nodes(k)).exp().sum(1);
        EXPECT_LT(testing::largest(sums - 1), kExact);
      }
    }
  }
}

TEST(HierarchicalSoftmax, EqualsALoopOverPixels) {
  for (const int height : {1, 2, 3, 5}) {
    const Hierarchy tree = tree_of_height(height, 13);
    const torch::Tensor logits = random_logits({2, tree.num_nodes(), 4, 5}, torch::kFloat64, 4);
    const torch::Tensor labels = random_labels(tree.num_nodes(), {2, 4, 5}, 5);
    const auto rows = pixel_rows(logits);
    const auto y = pixel_labels(labels);
    double sum = 0;
    int pixels = 0;
    for (std::size_t i = 0; i < y.size(); ++i) {
      if (y[i] >= 0) {
        sum -= std::log(path_products(tree, rows[i])[y[i]]);
        ++pixels;
      }
    }
    EXPECT_NEAR(
        hierarchical_softmax_loss(logits, labels, SiblingSoftmax(tree)).item<double>(),
        sum / pixels, kExact);
  }
}

TEST(HierarchicalSoftmax, OfAFlatTreeIsCrossEntropy) {
  const Hierarchy tree(TreeSpec{{node("a"), node("b"), node("c")}, {}});
  const torch::Tensor logits = random_logits({2, 3, 4, 5}, torch::kFloat64, 6);
  const torch::Tensor labels = random_labels(3, {2, 4, 5}, 7);
  EXPECT_NEAR(hierarchical_softmax_loss(logits, labels, SiblingSoftmax(tree)).item<double>(),
              flat_cross_entropy(logits, labels).item<double>(), kExact);
}

TEST(HierarchicalSoftmax, IsFiniteForLargeLogits) {
  const Hierarchy tree(pascal_part());
  const torch::Tensor logits = random_logits({1, 10, 3, 3}, torch::kFloat32, 8, 1e6);
  const torch::Tensor labels = random_labels(10, {1, 3, 3}, 9);
  const SiblingSoftmax siblings(tree);
  EXPECT_TRUE(hierarchical_softmax_loss(logits, labels, siblings).isfinite().item<bool>());
  const torch::Tensor g = testing::gradient(
      [&](const torch::Tensor& z) { return hierarchical_softmax_loss(z, labels, siblings); },
      logits);
  EXPECT_TRUE(g.isfinite().all().item<bool>());
}

}  // namespace gyroseg::node_losses_test
