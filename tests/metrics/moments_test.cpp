#include "gyroseg/metrics/moments.h"

#include <gtest/gtest.h>

#include <cmath>
#include <utility>
#include <vector>

namespace gyroseg::moments_test {

// Integers about a large mean: both results are known exactly, and sums of squares would lose all digits.
TEST(Moments, FindASmallSpreadBesideALargeMean) {
  Moments moments;
  for (int i = 0; i < 1000; ++i) {
    moments.add(1e9 + i % 10);  // 0 to 9, each as often: variance (10^2 - 1) / 12
  }
  EXPECT_EQ(moments.weight, 1000);
  EXPECT_NEAR(moments.mean, 1e9 + 4.5, 1e-6);
  EXPECT_NEAR(moments.deviation(), std::sqrt(99.0 / 12), 1e-6);
}

TEST(Moments, AWeightCountsAsEqualNumbers) {
  Moments weighted;
  Moments repeated;
  for (const auto& [value, weight] : std::vector<std::pair<double, int>>{{2, 3}, {-1, 1}, {0.5, 4}}) {
    weighted.add(value, weight);
    for (int i = 0; i < weight; ++i) {
      repeated.add(value);
    }
  }
  weighted.add(100, 0);
  // By hand: mean (6 - 1 + 2) / 8, mean of squares (12 + 1 + 1) / 8.
  EXPECT_NEAR(weighted.mean, 7.0 / 8, 1e-15);
  EXPECT_NEAR(weighted.deviation(), std::sqrt(14.0 / 8 - 49.0 / 64), 1e-15);
  EXPECT_NEAR(weighted.mean, repeated.mean, 1e-15);
  EXPECT_NEAR(weighted.deviation(), repeated.deviation(), 1e-15);
}

TEST(Moments, MergingIsAddingAll) {
  Moments all;
  Moments left;
  Moments right;
  for (int i = 0; i < 50; ++i) {
    const double value = std::sin(i * i);
    all.add(value);
    (i < 13 ? left : right).add(value);
  }
  left.merge(right);
  left.merge({});
  EXPECT_EQ(left.weight, all.weight);
  EXPECT_NEAR(left.mean, all.mean, 1e-14);
  EXPECT_NEAR(left.deviation(), all.deviation(), 1e-14);
}

TEST(Moments, NoneAndOne) {
  Moments moments;
  EXPECT_TRUE(std::isnan(moments.deviation()));
  moments.add(7);
  EXPECT_EQ(moments.mean, 7);
  EXPECT_EQ(moments.deviation(), 0);
}

}  // namespace gyroseg::moments_test
