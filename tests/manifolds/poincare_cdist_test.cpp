// All distances of two sets: the pairs of poincare_dist_test.cpp at once, odd sizes, and what the
// composite evaluation says.

#include <ATen/Parallel.h>
#include <gtest/gtest.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <cmath>
#include <vector>

#include "ball_regimes.h"
#include "manifolds/kernels/pair_kernels.h"
#include "manifolds/poincare_operators.h"
#include "support/ball_oracle.h"
#include "support/gradient_check.h"
#include "support/value_error.h"

namespace gyroseg::poincare_cdist_test {

using oracle::Real;
using testing::expect_value_error;
using testing::leaf;
using torch::Tensor;

/// Every first and every second point of the pairs at one norm, equal points among them.
std::pair<Tensor, Tensor> all_points(double norm, double c, torch::Dtype dtype) {
  std::vector<Tensor> x, y;
  for (const auto& pair : testing::ball_pairs_at(norm, c, dtype, 3)) {
    x.push_back(pair.x);
    y.push_back(pair.y);
  }
  return {torch::stack(x), torch::stack(y)};
}

using Rows = std::vector<oracle::Vector<Real>>;

Rows rows_of(const Tensor& t) {
  Rows rows;
  for (int64_t i = 0; i < t.size(0); ++i) rows.push_back(oracle::exact<Real>(t[i]));
  return rows;
}

/// One row's gradient of sum_j weight_j d(x, y_j); equal points have none.
oracle::Vector<Real> row_gradient(const oracle::Vector<Real>& x, const Rows& others,
                                  const oracle::Vector<Real>& weights, const Real& c) {
  return oracle::gradient(
      [&](const auto& t) {
        Real total = 0;
        for (size_t j = 0; j < others.size(); ++j)
          if (others[j] != x) total += weights[j] * oracle::ball_dist(t, others[j], c);
        return total;
      },
      x);
}

class Cdist : public ::testing::TestWithParam<torch::Dtype> {};

TEST_P(Cdist, KeepsContractOneForAllPairs) {
  torch::manual_seed(41);
  const auto dtype = GetParam();
  const auto bounds = testing::contract_bounds(dtype);
  for (const double c : {0.25, 4.0}) {
    for (const double norm : testing::contract_norms(dtype)) {
      SCOPED_TRACE("c = " + std::to_string(c) + ", 1 - norm = " + std::to_string(1 - norm));
      const auto points = all_points(norm, c, dtype);
      const auto x = leaf(points.first), y = leaf(points.second);
      const auto weight = torch::rand({x.size(0), y.size(0)}, torch::kFloat64).to(dtype);
      const auto d = poincare_cdist(x, y, c);
      (d * weight).sum().backward();
      const auto xs = rows_of(x), ys = rows_of(y), w = rows_of(weight), wt = rows_of(weight.t());
      for (size_t i = 0; i < xs.size(); ++i) {
        const auto row = static_cast<int64_t>(i);
        for (size_t j = 0; j < ys.size(); ++j)
          EXPECT_LE(oracle::relative_error<Real>(d[row][static_cast<int64_t>(j)].view({1}),
                                                 {oracle::ball_dist(xs[i], ys[j], Real(c))}),
                    bounds.value);
        EXPECT_LE(oracle::relative_error(x.grad()[row], row_gradient(xs[i], ys, w[i], Real(c))),
                  bounds.gradient);
        EXPECT_LE(oracle::relative_error(y.grad()[row], row_gradient(ys[i], xs, wt[i], Real(c))),
                  bounds.gradient);
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Dtypes, Cdist, ::testing::Values(torch::kFloat32, torch::kFloat64));

Tensor ball_rows(int64_t n, int64_t d, torch::Dtype dtype) {
  const auto x = torch::randn({n, d}, torch::kFloat64);
  return (torch::rand({n, 1}, torch::kFloat64) * x / x.norm(2, 1, true)).to(dtype);
}

/// The tiles of the fused loops are 4 x 64 points, tasks 32, coordinates padded to 16.
TEST(PoincareCdist, OddSizesEqualTheDistancesAndTheComposite) {
  torch::manual_seed(42);
  const auto c = torch::scalar_tensor(0.9, torch::kFloat64);
  for (const auto dtype : {torch::kFloat32, torch::kFloat64}) {
    for (const auto& [n, m, d] : std::vector<std::array<int64_t, 3>>{
             {1, 1, 1}, {1, 257, 3}, {255, 1, 17}, {33, 65, 16}, {257, 255, 3}, {5, 64, 64}}) {
      SCOPED_TRACE(std::to_string(n) + " x " + std::to_string(m) + " x " + std::to_string(d));
      const auto x = ball_rows(n, d, dtype), y = ball_rows(m, d, dtype);
      const auto grad = torch::randn({n, m}, torch::kFloat64).to(dtype);
      // Sums in another order, then one rounding to the dtype; gradients relative to the largest.
      const double rounding = dtype == torch::kFloat32 ? 1.2e-7 : 1e-13;
      const auto close = [&](const Tensor& a, const Tensor& b, double factor) {
        return torch::allclose(a.to(torch::kFloat64), b.to(torch::kFloat64), factor * rounding,
                               factor * rounding * b.abs().max().item<double>());
      };
      const auto value = poincare_cdist(x, y, c);
      EXPECT_TRUE(close(value, poincare_dist(x.unsqueeze(1), y.unsqueeze(0), c), 1));
      EXPECT_TRUE(close(value, detail::poincare_cdist_composite.forward(x, y, c, 1, dtype), 1));
      const auto fused = detail::poincare_cdist_cpu.backward(grad, x, y, c, 1, {true, true, true});
      const auto composite =
          detail::poincare_cdist_composite.backward(grad, x, y, c, 1, {true, true, true});
      EXPECT_TRUE(close(fused.x, composite.x, 2));
      EXPECT_TRUE(close(fused.y, composite.y, 2));
      EXPECT_NEAR(
          fused.c.item<double>(), composite.c.item<double>(),
          1e-12 * (1 + std::abs(composite.c.item<double>())));  // float64 sums of both signs
    }
  }
}

TEST(PoincareCdist, GradientMatchesCentralDifferences) {
  torch::manual_seed(43);
  const auto x = ball_rows(5, 3, torch::kFloat64) * 0.8, y = ball_rows(4, 3, torch::kFloat64) * 0.8;
  const auto weight = torch::rand({5, 4}, torch::kFloat64);
  const auto f = [&](const Tensor& a, const Tensor& b, const Tensor& c) {
    return (poincare_cdist(a, b, c) * weight).sum();
  };
  const auto c = torch::scalar_tensor(0.7, torch::kFloat64);
  EXPECT_LT(testing::gradient_error([&](const Tensor& t) { return f(t, y, c); }, x), 1e-8);
  EXPECT_LT(testing::gradient_error([&](const Tensor& t) { return f(x, t, c); }, y), 1e-8);
  EXPECT_LT(testing::gradient_error([&](const Tensor& t) { return f(x, y, t); }, c), 1e-8);
}

TEST(PoincareCdist, EmptySetsNanAndTheRim) {
  EXPECT_EQ(poincare_cdist(torch::zeros({0, 3}), torch::zeros({4, 3}), 1.0).sizes(),
            (std::vector<int64_t>{0, 4}));
  const auto none = torch::zeros({0, 3}).requires_grad_(true);
  const auto y = leaf(torch::zeros({4, 3}));
  poincare_cdist(y, none, 1.0).sum().backward();
  EXPECT_TRUE(torch::equal(y.grad(), torch::zeros({4, 3})));
  const auto x = torch::tensor({{NAN, 0.0f}, {1.0f, 0.0f}, {0.5f, 0.0f}});
  const auto d = poincare_cdist(x, torch::tensor({{0.0f, 0.1f}, {0.0f, 0.0f}}), 1.0);
  EXPECT_TRUE(d.slice(0, 0, 2).isnan().all().item<bool>());
  EXPECT_TRUE(d[2].isfinite().all().item<bool>());
}

TEST(PoincareCdist, DoesNotDependOnTheNumberOfThreads) {
  torch::manual_seed(44);
  const auto run = [x = ball_rows(300, 7, torch::kFloat32),
                    y = ball_rows(200, 7, torch::kFloat32)] {
    const auto a = leaf(x), b = leaf(y), c = testing::curvature_leaf(1.0);
    const auto d = poincare_cdist(a, b, c);
    d.square().sum().backward();
    return std::vector<Tensor>{d, a.grad(), b.grad(), c.grad()};
  };
  const int before = at::get_num_threads();
  at::set_num_threads(1);
  const auto one = run();
  at::set_num_threads(2);
  const auto two = run();
  at::set_num_threads(before);
  for (size_t i = 0; i < one.size(); ++i) EXPECT_TRUE(torch::equal(one[i], two[i])) << i;
}

TEST(PoincareCdist, BadArgumentsShowTheirValue) {
  const auto x = torch::zeros({2, 3});
  expect_value_error([&] { (void)poincare_cdist(x, torch::zeros({2, 4}), 1.0); }, "[2, 4]");
  expect_value_error([&] { (void)poincare_cdist(x[0], x, 1.0); }, "[3]");
  expect_value_error([&] { (void)poincare_cdist(x, x.to(torch::kInt64), 1.0); }, "Long");
  expect_value_error([&] { (void)poincare_cdist(x, x, torch::tensor(-2.0)); }, "got -2");
}

}  // namespace gyroseg::poincare_cdist_test
