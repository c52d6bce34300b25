// Losses of the classes of a level against loops over pixels in float64.
#include <array>
#include <cmath>
#include <functional>

#include <gtest/gtest.h>
#include <torch/types.h>

#include "gyroseg/losses/boundary.h"
#include "gyroseg/losses/cross_entropy.h"
#include "gyroseg/losses/dice.h"
#include "gyroseg/losses/focal.h"
#include "gyroseg/losses/level_probabilities.h"
#include "gyroseg/losses/total_variation.h"
#include "random_batch.h"
#include "support/value_error.h"

namespace gyroseg::level_losses_test {

using testing::pixel_labels;
using testing::pixel_rows;
using testing::random_labels;
using testing::random_logits;
using testing::tree_of_height;

constexpr double kExact = 1e-12;
using Rows = std::vector<std::vector<double>>;

/// A batch of every level of some trees: 2 images of 4 x 5 pixels, labels of inner nodes among them.
struct Case {
  Hierarchy tree;
  bool all_nodes;
  int k;
  torch::Tensor log_p;    ///< [2,n_k,4,5] float64, of level_log_probabilities
  torch::Tensor labels;   ///< [2,4,5] of level k
  torch::Tensor weights;  ///< [n_k]
  Rows p;                 ///< of every pixel, from the logits by plain loops
  std::vector<std::int64_t> y;
};

Rows probabilities(const Hierarchy& tree, int k, bool all_nodes, const torch::Tensor& logits) {
  Rows result;
  for (const std::vector<double>& z : pixel_rows(logits)) {
    std::vector<double> p(tree.level(k).size(), 0.0);
    double total = 0;
    const int count = all_nodes ? static_cast<int>(p.size()) : tree.num_leaves();
    for (int i = 0; i < count; ++i) {
      const double e = std::exp(z[all_nodes ? tree.level(k)[i] : i]);
      p[all_nodes ? i : tree.class_at(k, i)] += e;
      total += e;
    }
    for (double& value : p) {
      value /= total;
    }
    result.push_back(p);
  }
  return result;
}

void for_each_case(const std::function<void(const Case&)>& check) {
  for (const int height : {1, 2, 3, 5}) {
    const Hierarchy tree = tree_of_height(height, 7);
    const LevelFolder folder(tree);
    for (const bool all_nodes : {false, true}) {
      const torch::Tensor logits = random_logits(
          {2, all_nodes ? tree.num_nodes() : tree.num_leaves(), 4, 5}, torch::kFloat64, height);
      const torch::Tensor nodes = random_labels(tree.num_nodes(), {2, 4, 5}, height + 3);
      for (int k = 1; k <= height; ++k) {
        const torch::Tensor labels = folder.labels(nodes, k);
        const auto n = static_cast<std::int64_t>(tree.level(k).size());
        check({tree, all_nodes, k, level_log_probabilities(logits, folder, k, all_nodes), labels,
               torch::linspace(0.5, 2.0, n, torch::kFloat64),
               probabilities(tree, k, all_nodes, logits), pixel_labels(labels)});
      }
    }
  }
}

TEST(LevelLogProbabilities, EqualALoopOverLeavesOrChannels) {
  for_each_case([](const Case& c) {
    const Rows log_p = pixel_rows(c.log_p);
    for (std::size_t i = 0; i < log_p.size(); ++i) {
      for (std::size_t j = 0; j < log_p[i].size(); ++j) {
        EXPECT_NEAR(std::exp(log_p[i][j]), c.p[i][j], kExact);
      }
    }
  });
}

TEST(Focal, EqualsALoopOverPixels) {
  for_each_case([](const Case& c) {
    for (const double gamma : {0.0, 0.5, 2.0}) {
      for (const bool weighted : {false, true}) {
        double sum = 0, total = 0;
        for (std::size_t i = 0; i < c.y.size(); ++i) {
          if (c.y[i] >= 0) {
            const double p = c.p[i][c.y[i]];
            const double w = weighted ? c.weights[c.y[i]].item<double>() : 1.0;
            // A level of one class has p = 1 up to rounding, and 0^gamma is no place to compare.
            sum -= c.p[i].size() == 1 ? 0 : w * std::pow(1 - p, gamma) * std::log(p);
            total += w;
          }
        }
        const torch::Tensor value =
            focal_loss(c.log_p, c.labels, gamma, weighted ? c.weights : torch::Tensor());
        EXPECT_NEAR(value.item<double>(), total > 0 ? sum / total : 0, kExact);
      }
    }
  });
}

TEST(Focal, WithoutFocusIsCrossEntropy) {
  const torch::Tensor logits = random_logits({2, 5, 6, 7}, torch::kFloat64, 1);
  const torch::Tensor labels = random_labels(5, {2, 6, 7}, 2);
  EXPECT_NEAR(focal_loss(logits.log_softmax(1), labels, 0).item<double>(),
              flat_cross_entropy(logits, labels).item<double>(), kExact);
}

TEST(Focal, FiniteAtProbabilityOne) {
  for (const double gamma : {0.1, 1.0, 2.0}) {
    torch::Tensor logits = torch::zeros({1, 3, 1, 2});
    logits[0][0][0][0] = 500.0;   // p of the label rounds to 1
    logits[0][1][0][1] = 1000.0;  // p of the label underflows to 0
    const torch::Tensor labels = torch::zeros({1, 1, 2}, torch::kInt64);
    const torch::Tensor g = testing::gradient(
        [&](const torch::Tensor& z) { return focal_loss(z.log_softmax(1), labels, gamma); }, logits);
    EXPECT_TRUE(g.isfinite().all().item<bool>()) << gamma;
    EXPECT_EQ(g.select(3, 0).abs().max().item<float>(), 0.0F);
    EXPECT_NEAR(g[0][0][0][1].item<float>(), -0.5F, 1e-6);  // of the wrong pixel: mean of two
  }
}

TEST(Dice, EqualsALoopOverClasses) {
  for_each_case([](const Case& c) {
    for (const bool weighted : {false, true}) {
      double sum = 0, total = 0;
      for (std::int64_t cls = 0; cls < c.log_p.size(1); ++cls) {
        double overlap = 0, predicted = 0, truth = 0;
        for (std::size_t i = 0; i < c.y.size(); ++i) {
          if (c.y[i] >= 0) {
            predicted += c.p[i][cls];
            overlap += c.y[i] == cls ? c.p[i][cls] : 0;
            truth += c.y[i] == cls ? 1 : 0;
          }
        }
        const double w = weighted ? c.weights[cls].item<double>() : 1.0;
        sum += truth > 0 ? w * (1 - 2 * overlap / (predicted + truth)) : 0;
        total += truth > 0 ? w : 0;
      }
      const torch::Tensor value =
          dice_loss(c.log_p.exp(), c.labels, weighted ? c.weights : torch::Tensor());
      EXPECT_NEAR(value.item<double>(), total > 0 ? sum / total : 0, kExact);
    }
  });
}

TEST(Dice, IsZeroForTheTruthAndOneForItsOpposite) {
  const torch::Tensor labels = torch::tensor({{{0, 1, 1}}}, torch::kInt64);
  const torch::Tensor truth = torch::tensor({{{{1.0, 0.0, 0.0}}, {{0.0, 1.0, 1.0}}}});
  EXPECT_EQ(dice_loss(truth, labels).item<float>(), 0.0F);
  EXPECT_EQ(dice_loss(1 - truth, labels).item<float>(), 1.0F);
}

TEST(TotalVariation, EqualsALoopOverNeighbours) {
  for_each_case([](const Case& c) {
    double sum = 0;
    int pairs = 0;
    const auto add = [&](std::int64_t i, std::int64_t j) {
      if (c.y[i] < 0 || c.y[j] < 0) {
        return;
      }
      ++pairs;
      for (std::size_t cls = 0; cls < c.p[i].size(); ++cls) {
        sum += std::abs(c.p[i][cls] - c.p[j][cls]);
      }
    };
    for (std::int64_t i = 0; i < 40; ++i) {
      if (i % 5 < 4) add(i, i + 1);
      if (i % 20 < 15) add(i, i + 5);
    }
    EXPECT_NEAR(total_variation(c.log_p.exp(), c.labels).item<double>(),
                pairs > 0 ? sum / pairs : 0, kExact);
  });
}

TEST(TotalVariation, OfOnePixelIsZero) {
  const torch::Tensor p = random_logits({2, 3, 1, 1}, torch::kFloat32, 1).softmax(1);
  EXPECT_EQ(total_variation(p, torch::zeros({2, 1, 1}, torch::kInt64)).item<float>(), 0.0F);
}

// phi of the definition, every pixel against every other.
double phi(const Case& c, std::size_t i, std::int64_t cls) {
  const std::size_t image = i / 20;
  double to_class = 1e9, to_other = 1e9;
  for (std::size_t j = 20 * image; j < 20 * image + 20; ++j) {
    const double dy = static_cast<double>(i % 20 / 5) - static_cast<double>(j % 20 / 5);
    const double dx = static_cast<double>(i % 5) - static_cast<double>(j % 5);
    if (c.y[j] >= 0) {
      double& nearest = c.y[j] == cls ? to_class : to_other;
      nearest = std::min(nearest, std::hypot(dx, dy));
    }
  }
  if (to_class == 1e9 || to_other == 1e9) {
    return 0;
  }
  return (c.y[i] == cls ? 1 - to_other : to_class) / std::hypot(4.0, 5.0);
}

TEST(Boundary, EqualsALoopOverAllPairsOfPixels) {
  for_each_case([](const Case& c) {
    const Rows distances = pixel_rows(signed_distances(c.labels, c.log_p.size(1)));
    double sum = 0;
    int pixels = 0;
    for (std::size_t i = 0; i < c.y.size(); ++i) {
      for (std::int64_t cls = 0; cls < c.log_p.size(1); ++cls) {
        const double expected = phi(c, i, cls);
        EXPECT_NEAR(distances[i][cls], expected, 1e-6);  // float32 distances
        sum += c.y[i] >= 0 ? expected * c.p[i][cls] : 0;
      }
      pixels += c.y[i] >= 0 ? 1 : 0;
    }
    EXPECT_NEAR(boundary_loss(c.log_p.exp(), c.labels).item<double>(),
                pixels > 0 ? sum / pixels : 0, 1e-6);
  });
}

TEST(Boundary, TheTruthIsTheSmallest) {
  const torch::Tensor labels = random_labels(3, {1, 8, 8}, 9).clamp_min(0);
  const torch::Tensor truth =
      torch::zeros({1, 3, 8, 8}).scatter_(1, labels.unsqueeze(1), 1.0);
  const double best = boundary_loss(truth, labels).item<double>();
  EXPECT_LE(best, 0);
  for (int seed = 0; seed < 5; ++seed) {
    const torch::Tensor p = random_logits({1, 3, 8, 8}, torch::kFloat32, seed).softmax(1);
    EXPECT_GT(boundary_loss(p, labels).item<double>(), best);
  }
}

TEST(LevelLosses, RefuseWrongShapes) {
  const torch::Tensor p = torch::full({1, 4, 3, 3}, 0.25);
  const torch::Tensor wide = torch::zeros({1, 3, 4}, torch::kInt64);
  const torch::Tensor labels = torch::zeros({1, 3, 3}, torch::kInt64);
  testing::expect_value_error([&] { (void)dice_loss(p, wide); }, "dice: labels must be [B,H,W]");
  testing::expect_value_error([&] { (void)focal_loss(p, wide, 2); }, "focal: labels");
  testing::expect_value_error([&] { (void)focal_loss(p, labels, -1); }, "gamma >= 0, got -1");
  testing::expect_value_error([&] { (void)dice_loss(p, labels, torch::ones({3})); }, "[3]");
  testing::expect_value_error([&] { (void)total_variation(p[0], labels); }, "[4, 3, 3]");
  testing::expect_value_error([&] { (void)boundary_loss(p, wide); }, "boundary: labels");
}

}  // namespace gyroseg::level_losses_test
