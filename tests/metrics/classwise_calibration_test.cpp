#include "gyroseg/metrics/classwise_calibration.h"

#include <gtest/gtest.h>
#include <torch/utils.h>

#include <cmath>

namespace gyroseg::classwise_calibration_test {

// Two classes, three pixels: .9 (right), .7 (wrong), .1 (class 1 is right). By hand, of class 0: bins of .9,
// .7 and .1 are |1 - .9| + |0 - .7| + |0 - .1| = .9; of class 1 the same by symmetry: (.9 + .9)/3/2 = .3
TEST(ClasswiseCalibration, ByHand) {
  const torch::Tensor p0 = torch::tensor({0.9, 0.7, 0.1, 0.5}, torch::kFloat64).view({1, 1, 2, 2});
  const torch::Tensor truth = torch::tensor({0, 1, 1, -1}, torch::kInt64).view({1, 2, 2});
  ClasswiseCalibration c(2);
  c.add(torch::cat({p0, 1 - p0}, 1), truth);
  EXPECT_NEAR(c.error().value(), 0.3, 1e-12);
}

TEST(ClasswiseCalibration, BruteForceOverBatches) {
  torch::manual_seed(3);
  const int n = 3;
  const torch::Tensor p = torch::softmax(2 * torch::randn({4, n, 5, 6}), 1);
  const torch::Tensor truth = torch::randint(-1, n, {4, 5, 6});
  ClasswiseCalibration c(n);
  c.add(p.slice(0, 0, 1), truth.slice(0, 0, 1));
  c.add(p.slice(0, 1), truth.slice(0, 1));
  double total = 0;
  double pixels = truth.ge(0).sum().item<double>();
  for (int k = 0; k < n; ++k) {
    for (int b = 0; b < 20; ++b) {
      double count = 0, right = 0, sum = 0;
      for (int i = 0; i < 4; ++i) {
        for (int y = 0; y < 5; ++y) {
          for (int x = 0; x < 6; ++x) {
            const double value = p[i][k][y][x].item<float>();
            const auto label = truth[i][y][x].item<std::int64_t>();
            if (label >= 0 && value >= b / 20.0 && (value < (b + 1) / 20.0 || b == 19)) {
              ++count;
              right += label == k ? 1 : 0;
              sum += value;
            }
          }
        }
      }
      total += count > 0 ? count / pixels * std::abs(right / count - sum / count) : 0;
    }
  }
  EXPECT_NEAR(c.error().value(), total / n, 1e-12);
}

TEST(ClasswiseCalibration, UndefinedAndRefused) {
  ClasswiseCalibration c(2);
  EXPECT_FALSE(c.error());
  c.add(torch::full({1, 2, 1, 1}, 0.5), torch::full({1, 1, 1}, -1, torch::kInt64));
  EXPECT_FALSE(c.error());
  EXPECT_THROW(c.add(torch::zeros({1, 3, 1, 1}), torch::zeros({1, 1, 1}, torch::kInt64)), c10::ValueError);
  EXPECT_THROW(c.add(torch::zeros({1, 2, 1, 1}), torch::zeros({1, 2, 1}, torch::kInt64)), c10::ValueError);
  c.add(torch::full({1, 2, 1, 1}, std::nanf("")), torch::zeros({1, 1, 1}, torch::kInt64));
  EXPECT_FALSE(c.error());
}

}  // namespace gyroseg::classwise_calibration_test
