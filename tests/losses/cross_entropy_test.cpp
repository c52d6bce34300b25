#include "gyroseg/losses/cross_entropy.h"

#include <cmath>

#include <gtest/gtest.h>
#include <torch/nn/functional/loss.h>
#include <torch/types.h>

#include "random_batch.h"
#include "support/gradient_check.h"
#include "support/value_error.h"

namespace gyroseg::cross_entropy_test {

using testing::gradient;
using testing::largest;
using testing::random_labels;
using testing::random_logits;

torch::Tensor torch_cross_entropy(const torch::Tensor& z, const torch::Tensor& y,
                                  const torch::Tensor& weights) {
  namespace F = torch::nn::functional;
  return F::cross_entropy(z, y,
                          F::CrossEntropyFuncOptions().weight(weights).ignore_index(kIgnored));
}

TEST(CrossEntropy, EqualsTorch) {
  const torch::Tensor labels = random_labels(5, {2, 6, 7}, 0);
  for (const auto dtype : {torch::kFloat32, torch::kFloat64}) {
    const torch::Tensor logits = random_logits({2, 5, 6, 7}, dtype, 0);
    for (const torch::Tensor& weights :
         {torch::Tensor(), torch::tensor({0.1, 2.0, 1.0, 0.0, 7.0}).to(dtype)}) {
      const auto ours = [&](const torch::Tensor& z) {
        return flat_cross_entropy(z, labels, weights);
      };
      const auto theirs = [&](const torch::Tensor& z) {
        return torch_cross_entropy(z, labels, weights);
      };
      // The same sums, divided at another place: one rounding of the dtype.
      const double tolerance = dtype == torch::kFloat64 ? 1e-14 : 1e-6;
      EXPECT_NEAR(ours(logits).item<double>(), theirs(logits).item<double>(), tolerance);
      EXPECT_LT(largest(gradient(ours, logits) - gradient(theirs, logits)), tolerance);
      const torch::Tensor last = logits.contiguous(at::MemoryFormat::ChannelsLast);
      EXPECT_NEAR(ours(last).item<double>(), ours(logits).item<double>(), tolerance);
      EXPECT_LT(largest(gradient(ours, last) - gradient(ours, logits)), tolerance);
    }
  }
}

// More pixels than a tile, a rest, views that are not dense; and more channels than any tree here.
TEST(CrossEntropy, EqualsTorchInEveryLayout) {
  const torch::Tensor labels = random_labels(40, {2, 13, 11}, 3);
  const torch::Tensor wide = random_logits({2, 45, 13, 22}, torch::kFloat32, 3, 5.0);
  const torch::Tensor weights = torch::rand({40});
  for (const torch::Tensor& logits :
       {wide.narrow(1, 2, 40).slice(3, 0, 22, 2), wide.narrow(1, 2, 40).narrow(3, 0, 11),
        wide.narrow(1, 0, 40).narrow(3, 0, 11).contiguous(at::MemoryFormat::ChannelsLast)}) {
    const auto ours = [&](const torch::Tensor& z) {
      return flat_cross_entropy(z, labels, weights);
    };
    const auto theirs = [&](const torch::Tensor& z) {
      return torch_cross_entropy(z, labels, weights);
    };
    // A dozen float32 roundings of logits up to 20.
    EXPECT_NEAR(ours(logits).item<double>(), theirs(logits).item<double>(), 1e-5);
    const torch::Tensor expected = gradient(theirs, logits);
    EXPECT_LT(largest(gradient(ours, logits) - expected), 5e-6 * largest(expected));
  }
}

TEST(CrossEntropy, GradientEqualsDifferences) {
  const torch::Tensor labels = random_labels(4, {2, 3, 2}, 5);
  const torch::Tensor weights = torch::tensor({0.3, 1.0, 2.0, 0.7}, torch::kFloat64);
  const auto loss = [&](const torch::Tensor& z) { return flat_cross_entropy(z, labels, weights); };
  EXPECT_LT(testing::gradient_error(loss, random_logits({2, 4, 3, 2}, torch::kFloat64, 5)), 1e-8);
}

TEST(CrossEntropy, NanIsSeenUnlessIgnored) {
  torch::Tensor labels = torch::zeros({1, 1, 3}, torch::kInt64);
  torch::Tensor logits = random_logits({1, 5, 1, 3}, torch::kFloat32, 0);
  for (int k = 0; k < 5; ++k) {
    torch::Tensor broken = logits.clone();
    broken[0][k][0][1] = std::nanf("");
    EXPECT_TRUE(std::isnan(flat_cross_entropy(broken, labels).item<float>()));
    torch::Tensor ignored = labels.clone();
    ignored[0][0][1] = kIgnored;
    const auto loss = [&](const torch::Tensor& z) { return flat_cross_entropy(z, ignored); };
    EXPECT_TRUE(std::isfinite(loss(broken).item<float>()));
    EXPECT_TRUE(gradient(loss, broken).isfinite().all().item<bool>());
  }
}

TEST(CrossEntropy, NoPixelIsAnExactZeroWithAGradient) {
  const torch::Tensor logits = random_logits({2, 5, 3, 3}, torch::kFloat32, 0);
  const torch::Tensor labels = torch::full({2, 3, 3}, kIgnored, torch::kInt64);
  const auto loss = [&](const torch::Tensor& z) { return flat_cross_entropy(z, labels); };
  EXPECT_EQ(loss(logits).item<float>(), 0.0F);
  EXPECT_TRUE(torch::equal(gradient(loss, logits), torch::zeros_like(logits)));
  // Every pixel of a class of weight 0.
  const torch::Tensor weights = torch::tensor({0.0F, 1.0F, 1.0F, 1.0F, 1.0F});
  const auto weightless = [&](const torch::Tensor& z) {
    return flat_cross_entropy(z, torch::zeros_like(labels), weights);
  };
  EXPECT_EQ(weightless(logits).item<float>(), 0.0F);
  EXPECT_TRUE(torch::equal(gradient(weightless, logits), torch::zeros_like(logits)));
}

TEST(CrossEntropy, HugeLogitsStayFinite) {
  const torch::Tensor labels = random_labels(5, {1, 8, 8}, 1);
  const torch::Tensor logits = random_logits({1, 5, 8, 8}, torch::kFloat32, 1, 1e30);
  const auto loss = [&](const torch::Tensor& z) { return flat_cross_entropy(z, labels); };
  EXPECT_TRUE(std::isfinite(loss(logits).item<float>()));
  EXPECT_TRUE(gradient(loss, logits).isfinite().all().item<bool>());
}

TEST(CrossEntropy, RefusesWhatDoesNotFit) {
  const torch::Tensor labels = torch::zeros({1, 3, 3}, torch::kInt64);
  const torch::Tensor logits = torch::zeros({1, 5, 3, 3});
  testing::expect_value_error([&] { (void)flat_cross_entropy(logits, labels + 255); }, "to 255");
  testing::expect_value_error([&] { (void)flat_cross_entropy(logits, labels - 2); }, "from -2");
  testing::expect_value_error([&] { (void)flat_cross_entropy(logits, labels, torch::ones({4})); },
                              "[4]");
  testing::expect_value_error([&] { (void)flat_cross_entropy(torch::zeros({5, 3, 3}), labels); },
                              "[5, 3, 3]");
  testing::expect_value_error([&] { (void)flat_cross_entropy(torch::zeros({1, 5, 3, 4}), labels); },
                              "[1, 3, 3]");
}

/// Probabilities of level k by summing leaves, or softmax over the level's channels, by pixel.
double literal_level_loss(const Hierarchy& tree, const torch::Tensor& logits,
                          const torch::Tensor& labels, int k, bool all_nodes,
                          const std::vector<double>& weights) {
  double sum = 0;
  double total = 0;
  const auto z = testing::pixel_rows(logits);
  const auto flat = testing::pixel_labels(labels);
  for (std::size_t i = 0; i < flat.size(); ++i) {
    const int target = flat[i] == kIgnored ? -1 : tree.class_at(k, static_cast<int>(flat[i]));
    if (target < 0) {
      continue;
    }
    std::vector<double> mass(tree.level(k).size(), 0.0);
    double all = 0;
    for (std::size_t j = 0; j < mass.size(); ++j) {
      const int v = tree.level(k)[j];
      const std::vector<int> channels = all_nodes ? std::vector<int>{v} : tree.leaves_of(v);
      for (const int c : channels) {
        mass[j] += std::exp(z[i][c]);
      }
      all += mass[j];
    }
    sum -= weights[target] * std::log(mass[target] / all);
    total += weights[target];
  }
  return total > 0 ? sum / total : 0.0;
}

TEST(LevelCrossEntropy, EqualsTheFormula) {
  for (int height = 1; height <= 5; ++height) {
    const Hierarchy tree = testing::tree_of_height(height, 40 + height);
    const LevelFolder folder(tree);
    const torch::Tensor labels = random_labels(tree.num_nodes(), {2, 3, 2}, height);
    for (const bool all_nodes : {false, true}) {
      const int channels = all_nodes ? tree.num_nodes() : tree.num_leaves();
      const torch::Tensor logits = random_logits({2, channels, 3, 2}, torch::kFloat64, height);
      for (int k = 1; k <= height; ++k) {
        const auto classes = static_cast<int>(tree.level(k).size());
        std::vector<double> weights(classes);
        for (int j = 0; j < classes; ++j) {
          weights[j] = 0.5 + j;
        }
        const double expected = literal_level_loss(tree, logits, labels, k, all_nodes, weights);
        const torch::Tensor before = labels.clone();
        const auto loss = [&](const torch::Tensor& z) {
          return level_cross_entropy(z, folder.labels(labels, k), folder, k, all_nodes,
                                          torch::tensor(weights, torch::kFloat64));
        };
        EXPECT_NEAR(loss(logits).item<double>(), expected, 1e-12) << height << " " << k;
        if (classes > 1) {  // one class: value and gradient are 0 but for rounding
          EXPECT_LT(testing::gradient_error(loss, logits), 1e-7) << height << " " << k;
        }
        EXPECT_TRUE(torch::equal(labels, before));
      }
    }
  }
}

// exp(-300) is 0 in float32: a parent made of such leaves still has an exact loss and gradient.
TEST(LevelCrossEntropy, UnderflowingLeavesKeepTheirGradient) {
  const Hierarchy tree(pascal_part());
  const LevelFolder folder(tree);
  torch::Tensor logits = torch::full({1, 7, 1, 1}, -300.0F);
  logits[0][0] = 0.0F;
  const torch::Tensor labels = torch::full({1, 1, 1}, tree.find("body"), torch::kInt64);
  const auto loss = [&](const torch::Tensor& z) {
    return level_cross_entropy(z, folder.labels(labels, 1), folder, 1, false);
  };
  // 300 - log 6, and a sixth of the gradient for each of the six leaves.
  EXPECT_NEAR(loss(logits).item<double>(), 300 - std::log(6.0), 1e-4);
  const torch::Tensor got = gradient(loss, logits).flatten();
  // 300 itself has 3e-5 of rounding in float32.
  EXPECT_NEAR(got[0].item<double>(), 1.0, 3e-5);
  EXPECT_NEAR(got[1].item<double>(), -1.0 / 6, 1e-5);
}

TEST(LevelCrossEntropy, LeafLevelIsPlainCrossEntropy) {
  const Hierarchy tree(pascal_part());
  const LevelFolder folder(tree);
  const torch::Tensor logits = random_logits({2, 7, 4, 4}, torch::kFloat32, 9);
  const torch::Tensor labels = random_labels(7, {2, 4, 4}, 9);
  EXPECT_EQ(level_cross_entropy(logits, folder.labels(labels, 3), folder, 3, false).item<float>(),
            flat_cross_entropy(logits, labels).item<float>());
  testing::expect_value_error(
      [&] { (void)level_cross_entropy(torch::zeros({2, 5, 4, 4}), labels, folder, 3, false); },
      "(7)");
}

}  // namespace gyroseg::cross_entropy_test
