#include "gyroseg/metrics/rank_counts.h"

#include <gtest/gtest.h>
#include <torch/utils.h>

#include <cmath>
#include <limits>
#include <vector>

namespace gyroseg::rank_counts_test {

struct Sample {
  std::vector<float> values;
  std::vector<std::int64_t> groups;
};

RankCounts counted(const Sample& s, int groups) {
  RankCounts counts(groups);
  const auto n = static_cast<std::int64_t>(s.values.size());
  const torch::Tensor values = torch::tensor(s.values);
  const torch::Tensor group = torch::tensor(s.groups);
  counts.add(values.slice(0, 0, n / 3), group.slice(0, 0, n / 3));  // streamed
  counts.add(values.slice(0, n / 3), group.slice(0, n / 3));
  return counts;
}

Sample drawn(int n, int groups, double step) {
  torch::manual_seed(7);
  Sample s;
  const torch::Tensor group = torch::randint(-1, groups, {n});
  // Larger for larger groups; on a grid of `step`, so that there are ties.
  const torch::Tensor value =
      ((torch::randn({n}) + 0.4 * group).exp() / step).round().mul(step).to(torch::kFloat32);
  for (int i = 0; i < n; ++i) {
    s.values.push_back(value[i].item<float>());
    s.groups.push_back(group[i].item<std::int64_t>());
  }
  return s;
}

double brute_area(const Sample& s, int positive, int negative) {
  double won = 0;
  double pairs = 0;
  for (std::size_t i = 0; i < s.values.size(); ++i) {
    for (std::size_t j = 0; j < s.values.size(); ++j) {
      if (s.groups[i] == positive && s.groups[j] == negative) {
        ++pairs;
        won += s.values[i] > s.values[j] ? 1 : s.values[i] == s.values[j] ? 0.5 : 0;
      }
    }
  }
  return won / pairs;
}

std::vector<double> brute_ranks(const std::vector<double>& x) {
  std::vector<double> ranks;
  for (const double a : x) {
    double rank = 0.5;
    for (const double b : x) {
      rank += b < a ? 1 : b == a ? 0.5 : 0;
    }
    ranks.push_back(rank);
  }
  return ranks;
}

double brute_spearman(const Sample& s, const std::vector<double>& of_groups) {
  std::vector<double> x;
  std::vector<double> y;
  for (std::size_t i = 0; i < s.values.size(); ++i) {
    if (s.groups[i] >= 0) {
      x.push_back(s.values[i]);
      y.push_back(of_groups[s.groups[i]]);
    }
  }
  x = brute_ranks(x);
  y = brute_ranks(y);
  const double mean = (static_cast<double>(x.size()) + 1) / 2;
  double xy = 0, xx = 0, yy = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    xy += (x[i] - mean) * (y[i] - mean);
    xx += (x[i] - mean) * (x[i] - mean);
    yy += (y[i] - mean) * (y[i] - mean);
  }
  return xy / std::sqrt(xx * yy);
}

// Multiples of 1/4 below 256 are numbers of 10 bits or less: a bin each, so nothing is lost.
TEST(RankCounts, ExactWhereBinsHoldOneNumber) {
  const Sample s = drawn(400, 2, 0.25);
  const auto area = counted(s, 2).area(1, 0);
  ASSERT_TRUE(area);
  EXPECT_NEAR(area->value, brute_area(s, 1, 0), 1e-14);
  EXPECT_NEAR(counted(s, 2).area(0, 1)->value, 1 - area->value, 1e-14);
  const Sample three = drawn(400, 3, 0.25);
  const std::vector<double> depths = {3, 1, 3};  // two groups of one depth
  EXPECT_NEAR(counted(three, 3).spearman(depths)->value, brute_spearman(three, depths), 1e-14);
}

TEST(RankCounts, WithinTheBoundWhereBinsAreShared) {
  Sample s = drawn(600, 3, 1e-7);
  for (float& value : s.values) {
    value = 1 + value / 500;  // a few bins hold all
  }
  const RankCounts counts = counted(s, 3);
  const auto area = counts.area(2, 0);
  EXPECT_GT(area->error, 1e-3);
  EXPECT_LE(std::abs(area->value - brute_area(s, 2, 0)), area->error);
  const auto rho = counts.spearman({1, 2, 3});
  EXPECT_GT(rho->error, 1e-3);
  EXPECT_LT(rho->error, 0.5);
  EXPECT_LE(std::abs(rho->value - brute_spearman(s, {1, 2, 3})), rho->error);
}

TEST(RankCounts, BoundIsSmallForNumbersThatSpread) {
  const Sample s = drawn(2000, 2, 1e-7);
  const auto area = counted(s, 2).area(1, 0);
  EXPECT_LT(area->error, 1e-3);
  EXPECT_LE(std::abs(area->value - brute_area(s, 1, 0)), area->error);
  EXPECT_LT(counted(s, 2).spearman({0, 1})->error, 0.05);
}

TEST(RankCounts, EndsOfTheScale) {
  const float infinity = std::numeric_limits<float>::infinity();
  const Sample apart{{0, -0.0F, 1e-30F, 1e30F, infinity}, {0, 0, 0, 1, 1}};
  EXPECT_EQ(counted(apart, 2).area(1, 0)->value, 1);
  const Sample equal{{0, -0.0F}, {0, 1}};
  EXPECT_EQ(counted(equal, 2).area(1, 0)->value, 0.5);
}

TEST(RankCounts, UndefinedCases) {
  EXPECT_FALSE(RankCounts(2).area(1, 0));
  EXPECT_FALSE(RankCounts(2).spearman({0, 1}));
  EXPECT_FALSE(counted({{1, 2, 3}, {0, 0, -1}}, 2).area(1, 0));
  EXPECT_FALSE(counted({{1, 2, 3}, {0, 0, -1}}, 2).spearman({0, 1}));
  EXPECT_FALSE(counted({{1, 1, 1}, {0, 1, 0}}, 2).spearman({0, 1}));
  EXPECT_FALSE(counted({{1, std::nanf(""), 1}, {0, 1, 0}}, 2).area(1, 0));
  EXPECT_TRUE(counted({{1, std::nanf(""), 1}, {0, -1, 1}}, 2).area(1, 0));
  RankCounts counts(2);
  EXPECT_THROW(counts.add(torch::tensor({-1.0F}), torch::zeros({1}, torch::kInt64)), c10::ValueError);
  EXPECT_THROW(counts.add(torch::ones({1}), torch::full({1}, 2, torch::kInt64)), c10::ValueError);
  EXPECT_THROW(counts.add(torch::ones({2}), torch::zeros({1}, torch::kInt64)), c10::ValueError);
}

}  // namespace gyroseg::rank_counts_test
