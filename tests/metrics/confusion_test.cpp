#include "gyroseg/metrics/confusion.h"

#include <gtest/gtest.h>
#include <torch/types.h>
#include <torch/utils.h>

namespace gyroseg::confusion_test {

TEST(ConfusionMatrix, RefusesClassesOutsideItsRange) {
  ConfusionMatrix confusion(3);
  const auto one = [](std::int64_t value) { return torch::full({1}, value, torch::kInt64); };
  EXPECT_THROW(confusion.add(one(0), one(3)), c10::ValueError);
  EXPECT_THROW(confusion.add(one(0), one(-2)), c10::ValueError);
  EXPECT_THROW(confusion.add(one(3), one(0)), c10::ValueError);
  EXPECT_THROW(confusion.add(one(0), torch::zeros({2}, torch::kInt64)), c10::ValueError);
  EXPECT_EQ(confusion.total(), 0);
}

// docs/metrics.md: a pixel without a predicted class is a miss of its own class and nobody's FP.
TEST(ConfusionMatrix, UndecidedPixelsAreWrong) {
  ConfusionMatrix confusion(2);
  const torch::Tensor truth = torch::tensor({0, 0, 0, 1, 1, -1}, torch::kInt64);
  confusion.add(truth, torch::tensor({0, -1, 1, 1, -1, -1}, torch::kInt64));
  EXPECT_EQ(confusion.total(), 5);
  EXPECT_EQ(confusion.truth(0), 3);
  EXPECT_EQ(confusion.undecided(0), 1);
  EXPECT_EQ(confusion.undecided(1), 1);
  EXPECT_EQ(confusion.predicted(1), 2);
  EXPECT_EQ(confusion.iou(0), 1.0 / 3);  // TP 1, FP 0, FN 2
  EXPECT_EQ(confusion.iou(1), 1.0 / 3);  // TP 1, FP 1, FN 1
  EXPECT_EQ(confusion.class_accuracy(0), 1.0 / 3);
  EXPECT_EQ(confusion.pixel_accuracy(), 2.0 / 5);
  confusion.merge([](torch::Tensor& counts) { counts.mul_(2); });
  EXPECT_EQ(confusion.total(), 10);
  EXPECT_EQ(confusion.undecided(0), 2);
}

TEST(ConfusionMatrix, CountsPastTheRangeOfFloats) {
  ConfusionMatrix confusion(1);
  const torch::Tensor zeros = torch::zeros({1 << 20}, torch::kInt64);
  for (int i = 0; i < 17; ++i) {
    confusion.add(zeros, zeros);
  }
  confusion.add(zeros.slice(0, 0, 1), zeros.slice(0, 0, 1));
  EXPECT_EQ(confusion.total(), 17 * (1LL << 20) + 1);  // odd and above 2^24
}

}  // namespace gyroseg::confusion_test
