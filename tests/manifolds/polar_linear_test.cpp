#include "manifolds/polar_linear.h"

#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <cmath>
#include <string>

#include "manifolds/poincare_operators.h"
#include "manifolds/polar_mlr.h"
#include "support/gradient_check.h"
#include "support/hyperbolic_oracle.h"
#include "support/value_error.h"

namespace gyroseg::polar_linear_test {

using testing::expect_value_error;
using testing::gradient_error;
using torch::Tensor;

constexpr auto kF64 = torch::kFloat64;

// The layer's definition: exp0(v') lies at signed distance s_k from the coordinate plane k. The
// oracle's logit is twice that distance, by Ganea's formula in 120 digits.
TEST(PolarLinear, CoordinatePlanesLieAtTheScores) {
  torch::manual_seed(71);
  for (const double c : {0.25, 1.0, 4.0}) {
    for (const double spread : {1e-8, 1e-3, 1.0, 6.0}) {
      const auto s = spread * torch::randn({10, 4}, kF64);
      const auto v = polar_from_distances(s, c);
      for (int64_t i = 0; i < 10; ++i) {
        const auto point = oracle::exact<oracle::Real>(v[i]);
        for (int64_t k = 0; k < 4; ++k) {
          oracle::Vector<oracle::Real> axis(4, oracle::Real(0));
          axis[k] = 1;
          const auto twice =
              oracle::logit<oracle::Real>(point, axis, oracle::Real(0), oracle::Real(c));
          // Far out a coordinate of v' that is small beside |v'| decides: its distance loses
          // eps e^(2 sqrt(c)|v'|) of the largest distance at worst; here a few eps of it.
          EXPECT_NEAR(static_cast<double>(twice) / 2, s[i][k].item<double>(),
                      1e-14 * s[i].abs().max().item<double>())
              << c << " " << spread;
        }
      }
    }
  }
}

// y = w/(1 + sqrt(1 + c|w|^2)), w = sinh(sqrt(c) s)/sqrt(c), written out in ball coordinates.
TEST(PolarLinear, AgreesWithTheBallForm) {
  torch::manual_seed(72);
  for (const double c : {0.25, 1.0, 4.0}) {
    const auto s = torch::randn({10, 4}, kF64);
    const auto w = torch::sinh(std::sqrt(c) * s) / std::sqrt(c);
    const auto y = w / (1 + torch::sqrt(1 + c * w.square().sum(1, true)));
    const auto ours = poincare_expmap0(polar_from_distances(s, c), c);
    EXPECT_TRUE(torch::allclose(ours, y, 1e-13, 0));  // cosh of 2|v'|, at most 1e2, times 1e-16
  }
}

TEST(PolarLinear, TendsToTwiceTheEuclideanScore) {
  torch::manual_seed(73);
  const auto v = torch::randn({20, 5}, kF64), z = torch::randn({4, 5}, kF64);
  const auto r = torch::randn({4}, kF64);
  const auto expected = 2 * (v.matmul(z.t()) - r * z.norm(2, 1));
  const auto actual = polar_linear(v, z, r, 1e-12);
  EXPECT_LT((actual - expected).abs().max().item<double>(), 1e-8);  // c times cubes of about 10
}

// Scores of 300 are e^300 in w: beyond float32 and, squared, beyond float64.
TEST(PolarLinear, LargeScoresStayFiniteAndRight) {
  for (const auto dtype : {torch::kFloat32, kF64}) {
    const auto s =
        torch::tensor({{300.0, 0.0, 0.0}, {-1000.0, 1000.0, 5.0}, {1e4, 1.0, -2.0}}, dtype)
            .requires_grad_(true);
    const auto v = polar_from_distances(s, 1.0);
    v.sum().backward();
    EXPECT_TRUE(v.isfinite().all().item<bool>());
    EXPECT_TRUE(s.grad().isfinite().all().item<bool>());
    // One distance alone is the hyperbolic radius 2|v'| along its axis.
    EXPECT_EQ(v[0][0].item<double>(), 150);
    // Two equal ones: sinh(2|v'|) = sqrt(2) sinh(1000), so 2|v'| = 1000 + log(2)/2.
    const double expected = (1000 + std::log(2.0) / 2) / 2 / std::sqrt(2.0);
    EXPECT_NEAR(v[1][1].item<double>() / expected, 1, dtype == kF64 ? 1e-15 : 6e-8);
    EXPECT_EQ(v[1][0].item<double>(), -v[1][1].item<double>());
    EXPECT_EQ(v[2][0].item<double>(), 5000);
  }
}

TEST(PolarLinear, GradientsMatchDifferences) {
  torch::manual_seed(74);
  const auto g = torch::randn({5, 3}, kF64);
  for (const double c : {0.25, 1.0, 4.0}) {
    const auto curvature = torch::scalar_tensor(c, kF64);
    for (const double spread : {1e-3, 0.3, 3.0, 40.0}) {
      const auto s = spread * torch::randn({5, 3}, kF64);
      const double step = 1e-5 * std::min(1.0, spread) / std::max(1.0, spread);
      // A sum of 15 values up to 80, rounded, over the step of 1e-5 in s.
      EXPECT_LT(
          gradient_error([&](const Tensor& x) { return (polar_from_distances(x, c) * g).sum(); }, s,
                         step),
          5e-8)
          << c << " " << spread;
      EXPECT_LT(
          gradient_error(
              [&](const Tensor& x) { return (polar_from_distances(s, x) * g).sum() / spread; },
              curvature, 1e-4),
          1e-5)
          << c << " " << spread;
    }
    const auto v = torch::randn({5, 4}, kF64), z = torch::randn({3, 4}, kF64);
    const auto r = 0.3 * torch::randn({3}, kF64);
    EXPECT_LT(
        gradient_error([&](const Tensor& x) { return (polar_linear(x, z, r, c) * g).sum(); }, v),
        1e-7);
    EXPECT_LT(
        gradient_error([&](const Tensor& x) { return (polar_linear(v, x, r, c) * g).sum(); }, z),
        1e-7);
    EXPECT_LT(gradient_error([&](const Tensor& x) { return (polar_linear(v, z, x, c) * g).sum(); },
                             r, 1e-6),
              1e-7);
    EXPECT_LT(gradient_error([&](const Tensor& x) { return (polar_linear(v, z, r, x) * g).sum(); },
                             curvature),
              1e-7);
  }
}

// At c -> 0 by expansion: v' = s/2 + c (s^3 - |s|^2 s)/12. The hand-written form keeps the digits
// that J t - sqrt(c) v' loses.
TEST(PolarLinear, CurvatureGradientAtSmallCurvature) {
  torch::manual_seed(75);
  const auto s = torch::randn({6, 3}, kF64), g = torch::randn({6, 3}, kF64);
  const auto c = torch::scalar_tensor(1e-12, kF64).requires_grad_(true);
  (polar_from_distances(s, c) * g).sum().backward();
  const auto limit = (g * (s.pow(3) - s.square().sum(1, true) * s)).sum() / 12;
  EXPECT_NEAR(c.grad().item<double>() / limit.item<double>(), 1, 1e-10);  // next order: c |s|^2
}

// Zero scores are a regular point: value 0, Jacobian 1/2.
TEST(PolarLinear, OriginIsExact) {
  const auto s = torch::zeros({2, 3}, kF64).requires_grad_(true);
  const auto c = torch::scalar_tensor(2.0, kF64).requires_grad_(true);
  const auto v = polar_from_distances(s, c);
  EXPECT_EQ(v.abs().max().item<double>(), 0);
  v.sum().backward();
  EXPECT_TRUE(torch::equal(s.grad(), torch::full({2, 3}, 0.5, kF64)));
  EXPECT_EQ(c.grad().item<double>(), 0);
}

TEST(PolarLinear, LayoutsAndDtypesAgree) {
  torch::manual_seed(76);
  const auto v = torch::randn({2, 5, 9, 8}), z = torch::randn({3, 5}), r = torch::randn({3});
  const auto pixels = polar_linear(v, z, r, 1.0, 1);
  const auto rows = polar_linear(v.movedim(1, -1).reshape({-1, 5}), z, r, 1.0);
  // Both round float64 results once; the products are summed in another order.
  EXPECT_TRUE(torch::allclose(pixels.movedim(1, -1).reshape({-1, 3}), rows, 1e-6, 1e-6));
  const auto half = v.to(torch::kBFloat16);
  EXPECT_EQ(
      polar_linear(half, z.to(torch::kBFloat16), r.to(torch::kBFloat16), 1.0, 1).scalar_type(),
      torch::kBFloat16);
  EXPECT_TRUE(polar_from_distances(torch::tensor({{std::nan(""), 1.0}, {1.0, 1.0}}), 1.0)[0]
                  .isnan()
                  .all()
                  .item<bool>());
}

TEST(PolarLinear, BadArgumentsShowTheirValue) {
  const auto s = torch::ones({2, 3});
  expect_value_error([&] { (void)polar_from_distances(s, torch::scalar_tensor(-1.0)); }, "got -1");
  expect_value_error([&] { (void)polar_from_distances(s, 1.0, 2); }, "dim 2");
  expect_value_error([&] { (void)polar_from_distances(s.to(torch::kInt64), 1.0); }, "Long");
  expect_value_error([&] { (void)polar_from_distances(torch::ones({2, 0}), 1.0); }, "[2, 0]");
  const auto x = torch::ones({2, 3}).requires_grad_(true);
  const auto v = polar_from_distances(x, 1.0).sum();
  const auto first = torch::autograd::grad({v}, {x}, {}, true, /*create_graph=*/true)[0];
  try {
    first.sum().backward();
    FAIL() << "no error";
  } catch (const std::exception& e) {
    EXPECT_NE(std::string(e.what()).find("polar_from_distances: double backward"),
              std::string::npos);
  }
}

}  // namespace gyroseg::polar_linear_test
