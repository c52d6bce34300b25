#include "gyroseg/metrics/embedding_metrics.h"

#include <gtest/gtest.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "support/one_thread.h"
#include "support/value_error.h"

namespace gyroseg::embedding_metrics_test {

using testing::expect_value_error;
using torch::Tensor;

constexpr auto kF64 = torch::kFloat64;

Tensor matrix(const std::vector<double>& values, int64_t n) {
  return torch::tensor(values, kF64).reshape({n, n});
}

/// Distances of random points of the plane, with ties: rounded to a grid.
Tensor random_metric(int64_t n, uint64_t seed) {
  torch::manual_seed(seed);
  const Tensor x = (4 * torch::rand({n, 2}, kF64)).round();
  return (x.unsqueeze(1) - x.unsqueeze(0)).abs().sum(-1) + 0.5 * (1 - torch::eye(n, kF64));
}

/// Path 0 - 1 - ... - (n-1).
Tensor path_metric(int64_t n) {
  const Tensor i = torch::arange(n, kF64);
  return (i.unsqueeze(1) - i.unsqueeze(0)).abs();
}

Neighbourhoods path_neighbours(int64_t n) {
  Neighbourhoods all(n);
  for (int64_t i = 0; i + 1 < n; ++i) {
    all[i].push_back(i + 1);
    all[i + 1].push_back(i);
  }
  return all;
}

TEST(EmbeddingMetrics, TheTreesOwnDistancesAreFaultless) {
  const Tensor h = path_metric(9);
  const auto ranking = neighbour_ranking(rows_of(h), path_neighbours(9));
  EXPECT_EQ(ranking.map, 1);
  EXPECT_EQ(ranking.mean_rank, 1);
  const auto scaled = distortion(rows_of(3 * h), rows_of(h), 9);
  EXPECT_NEAR(scaled.average, 0, 1e-15);
  EXPECT_NEAR(scaled.worst, 1, 1e-15);
  EXPECT_NEAR(scaled.scale, 1.0 / 3, 1e-15);
  EXPECT_EQ(delta_hyperbolicity(h, base_points(9, 9, 0)).delta, 0);
}

// A path of 10 nodes has 2 nodes of 1 neighbour and 8 of 2, of 9 others: (2/9 + 8 * 2/9)/10 = 0.2,
// where open balls would give 1. Ranks: all 9 - |N(a)| others are within.
TEST(EmbeddingMetrics, TiesAreInside) {
  const Tensor equal = 1 - torch::eye(10, kF64);
  const auto ranking = neighbour_ranking(rows_of(equal), path_neighbours(10));
  EXPECT_NEAR(ranking.map, (2 * (1.0 / 9) + 8 * (2.0 / 9)) / 10, 1e-15);
  EXPECT_NEAR(ranking.mean_rank, (2 * 9.0 + 16 * 8.0) / 18, 1e-12);
}

// e from node 0: to 1: 2, to 2: 1, to 3: 3; N(0) = {1, 3}. Ball of 1 = {2, 1}, of 3 all:
// (1/2 + 2/3)/2; one wrong node within both: ranks 2 and 2.
TEST(EmbeddingMetrics, AnExampleByHand) {
  const Tensor e = matrix({0, 2, 1, 3, 2, 0, 9, 9, 1, 9, 0, 9, 3, 9, 9, 0}, 4);
  const auto ranking = neighbour_ranking(rows_of(e), {{1, 3}, {}, {}, {}});
  EXPECT_NEAR(ranking.map, 7.0 / 12, 1e-15);
  EXPECT_EQ(ranking.mean_rank, 2);
}

TEST(EmbeddingMetrics, RankingEqualsBruteForce) {
  const int64_t n = 23;
  const Tensor e = random_metric(n, 3);
  const auto d = e.accessor<double, 2>();
  Neighbourhoods neighbours(n);
  for (int64_t a = 0; a < n; ++a) {
    for (int64_t b = 0; b < n; ++b) {
      if (a != b && (a * 7 + b * 5) % 6 == 0) neighbours[a].push_back(b);
    }
  }
  double map = 0, ranks = 0;
  int64_t with = 0, pairs = 0;
  for (int64_t a = 0; a < n; ++a) {
    double precision = 0;
    for (const int64_t b : neighbours[a]) {
      double inside = 0, right = 0;
      for (int64_t x = 0; x < n; ++x) {
        if (x == a || d[a][x] > d[a][b]) continue;
        ++inside;
        right += std::count(neighbours[a].begin(), neighbours[a].end(), x);
      }
      precision += right / inside;
      ranks += 1 + inside - right;
      ++pairs;
    }
    if (!neighbours[a].empty()) map += precision / neighbours[a].size(), ++with;
  }
  const auto ranking = neighbour_ranking(rows_of(e), neighbours);
  EXPECT_NEAR(ranking.map, map / with, 1e-14);
  EXPECT_NEAR(ranking.mean_rank, ranks / pairs, 1e-12);
  EXPECT_LT(ranking.map, 1);
}

// The scale is the minimiser: no other, tried on a fine grid, does better; and least squares' does
// worse. The worst case is found pair by pair.
TEST(EmbeddingMetrics, DistortionEqualsBruteForce) {
  const testing::OneThread one_thread;
  const int64_t n = 17;
  const Tensor e = random_metric(n, 4), h = random_metric(n, 5);
  const Tensor upper = torch::ones({n, n}, torch::kBool).triu(1);
  const Tensor q = (e / h).masked_select(upper);
  const auto average = [&](double a) { return (a * q - 1).abs().mean().item<double>(); };
  const auto result = distortion(rows_of(e), rows_of(h), n);
  EXPECT_NEAR(result.average, average(result.scale), 1e-14);
  for (double a = 0.01; a < 4; a += 0.01) EXPECT_LE(result.average, average(a) + 1e-14) << a;
  EXPECT_LT(result.average, average((q.sum() / (q * q).sum()).item<double>()));
  EXPECT_NEAR(result.worst, (q.max() / q.min()).item<double>(), 1e-12);
}

TEST(EmbeddingMetrics, CoincidentNodesDistortWithoutBound) {
  const Tensor h = path_metric(3);
  const Tensor e = matrix({0, 0, 1, 0, 0, 1, 1, 1, 0}, 3);
  const auto result = distortion(rows_of(e), rows_of(h), 3);
  EXPECT_EQ(result.worst, std::numeric_limits<double>::infinity());
  EXPECT_TRUE(std::isfinite(result.average));
  EXPECT_EQ(distortion(rows_of(0 * e), rows_of(h), 3).average, 1);
}

/// (L - M)/2 of the two largest sums of opposite distances, over all quadruples.
double four_point_delta(const Tensor& distances) {
  const auto d = distances.accessor<double, 2>();
  const int64_t n = distances.size(0);
  double delta = 0;
  for (int64_t x = 0; x < n; ++x)
    for (int64_t y = 0; y < n; ++y)
      for (int64_t z = 0; z < n; ++z)
        for (int64_t w = 0; w < n; ++w) {
          double sums[] = {d[x][y] + d[z][w], d[x][z] + d[y][w], d[x][w] + d[y][z]};
          std::sort(sums, sums + 3);
          delta = std::max(delta, (sums[2] - sums[1]) / 2);
        }
  return delta;
}

TEST(EmbeddingMetrics, DeltaOverAllBasePointsIsTheFourPointOne) {
  for (const uint64_t seed : {6, 7, 8}) {
    const Tensor d = random_metric(14, seed);
    const double delta = four_point_delta(d);
    const auto result = delta_hyperbolicity(d, base_points(14, 14, 0));
    EXPECT_NEAR(result.delta, delta, 1e-14);
    EXPECT_GT(delta, 0);
    EXPECT_EQ(result.diameter, d.max().item<double>());
    EXPECT_NEAR(result.relative, 2 * delta / result.diameter, 1e-14);
    for (int64_t w = 0; w < 14; ++w) {
      const double one = delta_hyperbolicity(d, {w}).delta;
      EXPECT_LE(one, delta + 1e-14);
      EXPECT_GE(one, delta / 2 - 1e-14);
    }
  }
}

// The cycle of 4 edges has delta 1: the sums of opposite distances are 4, 2 and 2.
TEST(EmbeddingMetrics, DeltaOfASquare) {
  const Tensor d = matrix({0, 1, 2, 1, 1, 0, 1, 2, 2, 1, 0, 1, 1, 2, 1, 0}, 4);
  EXPECT_EQ(delta_hyperbolicity(d, base_points(4, 4, 0)).delta, 1);
  EXPECT_EQ(delta_hyperbolicity(d, base_points(4, 4, 0)).relative, 1);
}

TEST(EmbeddingMetrics, RowsInBlocksGiveTheSame) {
  const int64_t n = 600;  // three blocks
  torch::manual_seed(9);
  const Tensor x = torch::rand({n, 3}, kF64);
  const Tensor e = torch::cdist(x, x), h = path_metric(n);
  const DistanceRows streamed = [&](int64_t begin, int64_t end) {
    return torch::cdist(x.slice(0, begin, end), x);
  };
  EXPECT_NEAR(distortion(streamed, rows_of(h), n).average,
              distortion(rows_of(e), rows_of(h), n).average, 1e-12);
  EXPECT_NEAR(neighbour_ranking(streamed, path_neighbours(n)).map,
              neighbour_ranking(rows_of(e), path_neighbours(n)).map, 1e-12);
}

TEST(EmbeddingMetrics, BasePointsAreDrawnOnce) {
  EXPECT_EQ(base_points(3, 5, 1), (std::vector<int64_t>{0, 1, 2}));
  const auto some = base_points(100, 10, 1);
  EXPECT_EQ(some.size(), 10);
  EXPECT_TRUE(std::is_sorted(some.begin(), some.end()));
  EXPECT_EQ(std::adjacent_find(some.begin(), some.end()), some.end());
  EXPECT_EQ(some, base_points(100, 10, 1));
  EXPECT_NE(some, base_points(100, 10, 2));
}

TEST(EmbeddingMetrics, RefuseWhatHasNoMeaning) {
  const Tensor h = path_metric(3);
  expect_value_error([&] { (void)rows_of(torch::rand({2, 3})); }, "[2, 3]");
  expect_value_error([&] { (void)neighbour_ranking(rows_of(h), {{0}, {}, {}}); }, "got 0");
  expect_value_error([&] { (void)neighbour_ranking(rows_of(h), {{1, 1}, {}, {}}); }, "once");
  expect_value_error([&] { (void)neighbour_ranking(rows_of(h), {{}, {}, {}}); }, "none");
  expect_value_error([&] { (void)neighbour_ranking(rows_of(h / 0), {{1}, {}, {}}); }, "finite");
  expect_value_error([&] { (void)distortion(rows_of(h), rows_of(0 * h), 3); }, "got 0");
  expect_value_error([&] { (void)distortion(rows_of(h), rows_of(h), 4); }, "[4,4]");
  expect_value_error([&] { (void)delta_hyperbolicity(h, {3}); }, "got 3");
}

}  // namespace gyroseg::embedding_metrics_test
