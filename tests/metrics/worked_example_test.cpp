// The 4 x 4 example of docs/metrics.md, with the very same numbers.
#include <gtest/gtest.h>
#include <torch/types.h>

#include <cstdint>
#include <vector>

#include "gyroseg/metrics/level_metrics.h"
#include "support/small_trees.h"

namespace gyroseg::worked_example_test {

constexpr double kExact = 1e-12;  // float64 arithmetic on counts
constexpr double kFloat = 1e-7;   // confidences such as 0.92 are stored as float32

torch::Tensor picture(const std::vector<std::int64_t>& values) {
  return torch::tensor(values).view({1, 4, 4});
}

// Node indices: background 0, bird 1, cat 2, dog 3, horse 4, animal 5, mammal 6; -1 is ignored.
torch::Tensor labels() {
  return picture({0, 0, 0, -1,  //
                  0, 1, 1, 6,   //
                  0, 1, 2, 2,   //
                  0, 3, 3, 2});
}

// What level_sum makes of the five distributions (tests/inference/decode_test.cpp), a to e.
Decoded prediction() {
  const torch::Tensor kinds = picture({0, 0, 4, 3,  //
                                       0, 1, 1, 2,  //
                                       0, 2, 2, 3,  //
                                       0, 3, 3, 2});
  const auto level = [&](std::vector<std::int64_t> classes, std::vector<float> confidence) {
    return LevelPrediction{torch::tensor(classes).index({kinds}),
                           torch::tensor(confidence).index({kinds})};
  };
  return {{level({0, 1, 1, 1, 1}, {0.92F, 0.92F, 0.92F, 0.92F, 0.84F}),
           level({0, 1, 2, 2, 2}, {0.92F, 0.72F, 0.82F, 0.82F, 0.47F}),
           level({0, 1, 2, 3, 1}, {0.92F, 0.72F, 0.62F, 0.62F, 0.37F})}};
}

MetricsReport report() {
  LevelMetrics metrics(testing::worked_tree(), "auto");
  metrics.add(prediction(), labels());
  return metrics.report();
}

void expect_confusion(const LevelReport& level, const std::vector<std::int64_t>& cells) {
  EXPECT_TRUE(level.confusion.flatten().equal(torch::tensor(cells))) << level.confusion;
}

TEST(WorkedExample, LevelOne) {
  const LevelReport level = report().levels[0];
  expect_confusion(level, {5, 1,  //
                           0, 9});
  EXPECT_EQ(level.classes[0].name, "background");
  EXPECT_EQ(level.classes[1].name, "animal");
  EXPECT_NEAR(*level.classes[0].iou, 5.0 / 6, kExact);
  EXPECT_NEAR(*level.classes[1].iou, 9.0 / 10, kExact);
  EXPECT_NEAR(*level.miou, 13.0 / 15, kExact);
  EXPECT_NEAR(*level.miou_without_background, 9.0 / 10, kExact);
  EXPECT_NEAR(*level.pixel_accuracy, 14.0 / 15, kExact);
  EXPECT_NEAR(*level.mean_class_accuracy, 11.0 / 12, kExact);
  EXPECT_NEAR(*level.ece, 1.96 / 15, kFloat);
}

TEST(WorkedExample, LevelTwo) {
  const LevelReport level = report().levels[1];
  expect_confusion(level, {5, 0, 1,  //
                           0, 2, 1,  //
                           0, 0, 6});
  EXPECT_EQ(level.classes[2].name, "mammal");
  EXPECT_NEAR(*level.classes[0].iou, 5.0 / 6, kExact);
  EXPECT_NEAR(*level.classes[1].iou, 2.0 / 3, kExact);
  EXPECT_NEAR(*level.classes[2].iou, 3.0 / 4, kExact);
  EXPECT_NEAR(*level.miou, 3.0 / 4, kExact);
  EXPECT_NEAR(*level.miou_without_background, 17.0 / 24, kExact);
  EXPECT_NEAR(*level.pixel_accuracy, 13.0 / 15, kExact);
  EXPECT_NEAR(*level.mean_class_accuracy, 5.0 / 6, kExact);
  EXPECT_NEAR(*level.ece, 1.69 / 15, kFloat);
}

TEST(WorkedExample, LevelThree) {
  const LevelReport level = report().levels[2];
  expect_confusion(level, {5, 1, 0, 0, 0,  //
                           0, 2, 1, 0, 0,  //
                           0, 0, 2, 1, 0,  //
                           0, 0, 0, 2, 0,  //
                           0, 0, 0, 0, 0});
  EXPECT_NEAR(*level.classes[0].iou, 5.0 / 6, kExact);
  EXPECT_NEAR(*level.classes[1].iou, 1.0 / 2, kExact);
  EXPECT_NEAR(*level.classes[2].iou, 1.0 / 2, kExact);
  EXPECT_NEAR(*level.classes[3].iou, 2.0 / 3, kExact);
  EXPECT_FALSE(level.classes[4].iou.has_value());
  EXPECT_NEAR(*level.miou, 5.0 / 8, kExact);
  EXPECT_NEAR(*level.miou_without_background, 5.0 / 9, kExact);
  EXPECT_NEAR(*level.pixel_accuracy, 11.0 / 14, kExact);
  EXPECT_NEAR(*level.mean_class_accuracy, 19.0 / 24, kExact);
  EXPECT_NEAR(*level.ece, 1.61 / 14, kFloat);
}

TEST(WorkedExample, FiguresOfTheTree) {
  const MetricsReport figures = report();
  EXPECT_EQ(figures.pixels, 15);
  EXPECT_NEAR(*figures.tree_distance_of_errors, 8.0 / 3, kExact);
  EXPECT_NEAR(*figures.consistency_violations, 1.0 / 15, kExact);
}

}  // namespace gyroseg::worked_example_test
