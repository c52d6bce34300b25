#include "gyroseg/study/pixel_measures.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/utils.h>

#include <cmath>
#include <fstream>

#include "gyroseg/data/image_io.h"
#include "support/tiny_run.h"
#include "support/trees.h"

namespace gyroseg::pixel_measures_test {

using ::testing::HasSubstr;

std::optional<double> value_of(const std::vector<Measure>& measures, const std::string& name, int level) {
  for (const Measure& m : measures) {
    if (m.name == name && m.level == level) {
      return m.value;
    }
  }
  throw std::out_of_range(name);
}

// Pascal-Part, 24 pixels in one row: random probabilities, radii and labels, some ignored.
struct Pixels {
  Hierarchy tree{pascal_part()};
  torch::Tensor p, radius, labels;
  std::vector<Measure> measures;

  Pixels() {
    torch::manual_seed(11);
    p = torch::softmax(1.5 * torch::randn({2, tree.num_leaves(), 3, 8}), 1);
    labels = torch::randint(-1, tree.num_leaves(), {2, 3, 8});
    radius = torch::rand({2, 3, 8}).mul(40).floor().div(8);  // of few digits: bins hold one number
    LabelDecoder decoder(tree, false, Activation::softmax);
    PixelMeasures pixels(tree, "auto");
    for (int b = 0; b < 2; ++b) {
      const torch::Tensor part = p.slice(0, b, b + 1);
      pixels.add(decoder(part.log(), {"level_sum"}).front(), part, radius.slice(0, b, b + 1),
                 labels.slice(0, b, b + 1));
    }
    pixels.report("none", measures);
  }
};

// Pairs of a wrong and a right pixel, by hand, at the finest level: errors should have smaller radii.
TEST(PixelMeasures, DetectorsOfErrorByPairs) {
  const Pixels x;
  const int leaf = x.tree.num_levels();
  const auto [best, predicted] = x.p.max(1);
  const torch::Tensor valid = x.labels.ge(0);
  const torch::Tensor wrong = predicted.ne(x.labels).masked_select(valid);
  const torch::Tensor r = x.radius.masked_select(valid);
  const torch::Tensor confidence = best.masked_select(valid);
  double pairs = 0, radius_wins = 0, probability_wins = 0;
  for (std::int64_t i = 0; i < r.numel(); ++i) {
    for (std::int64_t j = 0; j < r.numel(); ++j) {
      if (wrong[i].item<bool>() && !wrong[j].item<bool>()) {
        const auto score = [&](const torch::Tensor& t) {
          const double e = t[i].item<float>();
          const double c = t[j].item<float>();
          return e < c ? 1.0 : e == c ? 0.5 : 0.0;
        };
        ++pairs;
        radius_wins += score(r);
        probability_wins += score(confidence);
      }
    }
  }
  ASSERT_GT(pairs, 20);
  EXPECT_NEAR(value_of(x.measures, "auroc_radius", leaf).value(), radius_wins / pairs, 1e-12);
  // 1 - p is binned: 0.1 % wide bins hold one number each here.
  EXPECT_NEAR(value_of(x.measures, "auroc_max_probability", leaf).value(), probability_wins / pairs, 0.01);
  const double rho = value_of(x.measures, "radius_error_correlation", leaf).value();
  EXPECT_EQ(rho < 0, radius_wins / pairs > 0.5);
}

// Background is at depth 1, the parts at 3: larger radii of parts correlate, the reverse does not.
TEST(PixelMeasures, RadiusFollowsDepth) {
  const Hierarchy tree(pascal_part());
  const torch::Tensor labels = torch::tensor({0, 0, 1, 2, 3, -1}, torch::kInt64).view({1, 1, 6});
  ASSERT_EQ(tree.depth(0), 1);
  ASSERT_EQ(tree.depth(1), 3);
  const torch::Tensor p = torch::softmax(torch::zeros({1, tree.num_leaves(), 1, 6}), 1);
  LabelDecoder decoder(tree, false, Activation::softmax);
  const auto correlation = [&](const torch::Tensor& radius) {
    PixelMeasures pixels(tree, "auto");
    pixels.add(decoder(p.log(), {"level_sum"}).front(), p, radius, labels);
    std::vector<Measure> measures;
    pixels.report("none", measures);
    return value_of(measures, "radius_depth_correlation", 0);
  };
  const torch::Tensor grows = torch::tensor({1.0, 1.0, 2.0, 2.0, 2.0, 0.0}).view({1, 1, 6});
  EXPECT_NEAR(correlation(grows).value(), 1, 1e-12);
  EXPECT_NEAR(correlation(3 - grows).value(), -1, 1e-12);
  EXPECT_FALSE(correlation(torch::ones({1, 1, 6})));
  EXPECT_FALSE(correlation({}));  // a space without radii
}

TEST(PixelMeasures, TheUsualFiguresAreThose) {
  const Pixels x;
  LevelMetrics metrics(x.tree, "auto");
  LabelDecoder decoder(x.tree, false, Activation::softmax);
  metrics.add(decoder(x.p.log(), {"level_sum"}).front(), x.labels);
  const MetricsReport report = metrics.report();
  for (int k = 1; k <= x.tree.num_levels(); ++k) {
    EXPECT_EQ(value_of(x.measures, "miou", k), report.levels[k - 1].miou);
    // One image at a time, or both: vector units round a float32 softmax differently.
    EXPECT_NEAR(value_of(x.measures, "ece", k).value(), report.levels[k - 1].ece.value(), 1e-7);
    EXPECT_TRUE(value_of(x.measures, "classwise_ece", k));
  }
  EXPECT_EQ(value_of(x.measures, "tree_distance_of_errors", 0), report.tree_distance_of_errors);
  EXPECT_EQ(value_of(x.measures, "consistency_violations", 0), report.consistency_violations);
}

TEST(Measures, FilesKeepEveryDigit) {
  const TemporaryFolder folder("measures");
  const auto file = folder.path() / "measures.csv";
  write_measures(file, {{"none", 2, "miou", 1.0 / 3}, {"fog1", 0, "consistency_violations", std::nullopt}});
  const std::vector<Measure> read = read_measures(file);
  ASSERT_EQ(read.size(), 2U);
  EXPECT_EQ(read[0].value, 1.0 / 3);
  EXPECT_EQ(read[0].level, 2);
  EXPECT_EQ(read[1].corruption, "fog1");
  EXPECT_EQ(read[1].level, 0);
  EXPECT_FALSE(read[1].value);
  std::ofstream(file, std::ios::app) << "none,x,miou,0.5\n";
  try {
    (void)read_measures(file);
    FAIL();
  } catch (const DataError& error) {
    EXPECT_THAT(error.what(), HasSubstr("measures.csv:4: expected"));
  }
}

}  // namespace gyroseg::pixel_measures_test
