#include "gyroseg/metrics/image_figures.h"

#include <gtest/gtest.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <vector>

#include "gyroseg/hierarchy/fold.h"
#include "gyroseg/metrics/confusion.h"
#include "gyroseg/metrics/level_metrics.h"
#include "support/small_trees.h"

namespace gyroseg::image_figures_test {

// 3 images of 2 x 2: one with an error, one all right, one ignored. Class 2 is in none.
torch::Tensor truth() { return torch::tensor({0, 0, 1, 1, 0, 0, 0, 0, -1, -1, -1, -1}, torch::kInt64).view({3, 2, 2}); }
torch::Tensor prediction() {
  return torch::tensor({0, 1, 1, 1, 0, 0, 0, 0, 1, 1, 1, 1}, torch::kInt64).view({3, 2, 2});
}

TEST(ImageFigures, AreThoseOfEachImage) {
  ConfusionMatrix confusion(3);
  ImageFigures figures;
  figures.add(confusion.add(truth(), prediction()), torch::tensor({true, false, false}));
  // IoU 1/2 and 2/3 in the first image, 1 in the second.
  EXPECT_EQ(figures.miou.weight, 2);
  EXPECT_NEAR(figures.miou.mean, (7.0 / 12 + 1) / 2, 1e-15);
  EXPECT_NEAR(figures.miou.deviation(), (1 - 7.0 / 12) / 2, 1e-15);
  // Without class 0 the second image has none.
  EXPECT_EQ(figures.miou_without_background.weight, 1);
  EXPECT_NEAR(figures.miou_without_background.mean, 2.0 / 3, 1e-15);
  EXPECT_NEAR(figures.pixel_accuracy.mean, (3.0 / 4 + 1) / 2, 1e-15);
  EXPECT_NEAR(figures.pixel_accuracy.deviation(), 1.0 / 8, 1e-15);
}

TEST(ImageFigures, APixelWithoutAPredictionIsWrong) {
  ConfusionMatrix confusion(2);
  ImageFigures figures;
  const torch::Tensor counts = confusion.add(torch::tensor({{0, 0, 1}}, torch::kInt64),
                                             torch::tensor({{0, -1, 1}}, torch::kInt64));
  EXPECT_EQ(counts.sizes(), (std::vector<std::int64_t>{1, 2, 3}));
  EXPECT_EQ(counts[0][0][2].item<int>(), 1);
  figures.add(counts, torch::zeros({2}, torch::kBool));
  EXPECT_NEAR(figures.miou.mean, (1.0 / 2 + 1) / 2, 1e-15);
  EXPECT_NEAR(figures.pixel_accuracy.mean, 2.0 / 3, 1e-15);
}

TEST(ImageFigures, StandInTheReportOfEveryLevel) {
  const Hierarchy tree = testing::worked_tree();
  LevelMetrics metrics(tree, "auto");
  Decoded decoded;
  // Cats, of which one in four is taken for a dog; background, all right.
  const torch::Tensor leaf = torch::tensor({2, 2, 2, 3, 0, 0, 0, 0}, torch::kInt64).view({2, 2, 2});
  const torch::Tensor labels = torch::tensor({2, 2, 2, 2, 0, 0, 0, 0}, torch::kInt64).view({2, 2, 2});
  for (int k = 1; k <= tree.num_levels(); ++k) {
    decoded.levels.push_back({LevelFolder(tree).labels(leaf, k), torch::ones({2, 2, 2})});
  }
  metrics.add(decoded, labels);
  const MetricsReport report = metrics.report();
  EXPECT_NEAR(report.levels[0].image_miou->mean, 1, 1e-15);
  EXPECT_NEAR(report.levels[0].image_miou->deviation, 0, 1e-15);
  // Cat 3/4, dog 0; background 1.
  EXPECT_NEAR(report.levels[2].image_miou->mean, (3.0 / 8 + 1) / 2, 1e-15);
  EXPECT_NEAR(report.levels[2].image_miou->deviation, (1 - 3.0 / 8) / 2, 1e-15);
  EXPECT_NEAR(report.levels[2].image_miou_without_background->mean, 3.0 / 8, 1e-15);
  EXPECT_NEAR(report.levels[2].image_pixel_accuracy->mean, 7.0 / 8, 1e-15);
  EXPECT_FALSE(LevelMetrics(tree, "auto").report().levels[0].image_miou.has_value());
}

}  // namespace gyroseg::image_figures_test
