#include "manifolds/polar_dist.h"

#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <cmath>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "manifolds/kernels/pair_kernels.h"
#include "support/gradient_check.h"
#include "support/hyperbolic_oracle.h"
#include "support/value_error.h"

namespace gyroseg::polar_dist_test {

using testing::expect_value_error;
using testing::gradient_error;
using torch::Tensor;

Tensor f64(const std::vector<double>& values) { return torch::tensor(values, torch::kFloat64); }

/// A pair of vectors of dimension `dim`, v at hyperbolic radius R (|v| = R/2), values exact in
/// `dtype`.
struct Pair {
  std::string name;
  Tensor v, w;
};

std::vector<Pair> pairs_at(double radius, torch::Dtype dtype, int64_t dim = 3) {
  const auto unit = [dim] {
    const auto x = torch::randn({dim}, torch::kFloat64);
    return x / x.norm();
  };
  const auto v = (radius / 2 * unit()).to(dtype);
  const auto up = torch::full({dim}, std::numeric_limits<double>::infinity(), dtype);
  auto ulp = v.clone();
  ulp[0] = torch::nextafter(v, up)[0];
  const auto third =
      (v / 3).to(dtype);  // 3 third and 2 third are exact in few more bits: parallel 3:2
  const auto short_third = (third.to(torch::kFloat32).view(torch::kInt32).bitwise_and(~7))
                               .view(torch::kFloat32)
                               .to(dtype);
  return {{"random", v, (radius / 2 * unit()).to(dtype)},
          {"other radius", v, (radius / 5 * unit()).to(dtype)},
          {"near 1e-3", v, (v + 1e-3 * radius * unit()).to(dtype)},
          {"ulp neighbour", v, ulp},
          {"parallel 3:2", 3 * short_third, 2 * short_third},
          {"opposite", v, -v},
          {"nearly opposite", v, (-v + 1e-4 * radius * unit()).to(dtype)},
          {"one tiny", v, (1e-6 * radius * unit()).to(dtype)}};
}

class PolarDistCurvature : public ::testing::TestWithParam<double> {};

/// Worst relative errors of value and gradients over pairs at one radius.
template <typename Real>
void expect_accurate(double radius, double c, torch::Dtype dtype, double value_bound,
                     double gradient_bound) {
  const Real exact_c = c;
  for (const auto& pair : pairs_at(radius, dtype)) {
    SCOPED_TRACE(pair.name + ", hyperbolic radius " + std::to_string(radius));
    const auto v = pair.v.clone().requires_grad_(true), w = pair.w.clone().requires_grad_(true);
    const auto d = polar_dist(v, w, c);
    ASSERT_EQ(d.scalar_type(), dtype);
    d.backward();
    const auto ev = oracle::exact<Real>(v), ew = oracle::exact<Real>(w);
    const Real expected = oracle::dist(ev, ew, exact_c);
    EXPECT_LE(oracle::relative_error(d.view({1}), oracle::Vector<Real>{expected}), value_bound);
    const auto by_v =
        oracle::gradient([&](const auto& x) { return oracle::dist(x, ew, exact_c); }, ev);
    const auto by_w =
        oracle::gradient([&](const auto& x) { return oracle::dist(ev, x, exact_c); }, ew);
    EXPECT_LE(oracle::relative_error(v.grad(), by_v), gradient_bound);
    EXPECT_LE(oracle::relative_error(w.grad(), by_w), gradient_bound);
  }
}

// Contract 1 of hyperbolic.md allows 2e-7 and 1e-6. All is float64 inside, so one rounding to
// float32 (6e-8) is left; a gradient's norm may collect it from each entry and from the product
// with `grad`.
TEST_P(PolarDistCurvature, Float32IsRightToRoundingNearTheOrigin) {
  torch::manual_seed(1);
  for (const double radius : {1e-6, 1e-3, 0.1, 1.0, 10.0})
    expect_accurate<oracle::Real>(radius, GetParam(), torch::kFloat32, 6.1e-8, 1.3e-7);
}

TEST_P(PolarDistCurvature, Float32IsRightToRoundingFarOut) {
  torch::manual_seed(2);
  for (const double radius : {80.0, 160.0})
    expect_accurate<oracle::FarReal>(radius, GetParam(), torch::kFloat32, 6.1e-8, 1.3e-7);
}

// Contract 1: 1e-13; section C measured 5e-15 and 5e-14 in float64. A pair one float64 ulp apart is
// included.
TEST_P(PolarDistCurvature, Float64KeepsThirteenDigits) {
  torch::manual_seed(3);
  for (const double radius : {1e-6, 0.1, 1.0, 10.0})
    expect_accurate<oracle::Real>(radius, GetParam(), torch::kFloat64, 1e-13, 1e-13);
  expect_accurate<oracle::FarReal>(80, GetParam(), torch::kFloat64, 1e-13, 1e-13);
}

INSTANTIATE_TEST_SUITE_P(C, PolarDistCurvature, ::testing::Values(0.25, 1.0, 4.0));

TEST(PolarDist, ClosedForms) {
  // exp0(artanh(1/2)) = 1/2, whose distance from the origin is ln 3 at c = 1 (Nickel & Kiela 2017).
  const auto origin = f64({0, 0}), half = f64({std::atanh(0.5), 0});
  EXPECT_NEAR(polar_dist(origin, half, 1.0).item<double>(), std::log(3.0), 1e-15);
  // On a ray hyperbolic lengths add up.
  EXPECT_NEAR(polar_dist(f64({3, 4}), f64({-6, -8}), 0.5).item<double>(), 2 * 15, 1e-13);
}

TEST(PolarDist, ScalesWithCurvature) {
  torch::manual_seed(4);
  const auto v = torch::randn({20, 5}, torch::kFloat64), w = torch::randn({20, 5}, torch::kFloat64);
  for (const double c : {0.1, 2.0, 9.0})  // d_c(v, w) = d_1(sqrt(c) v, sqrt(c) w)/sqrt(c)
    EXPECT_TRUE(torch::allclose(polar_dist(v, w, c),
                                polar_dist(std::sqrt(c) * v, std::sqrt(c) * w, 1.0) / std::sqrt(c),
                                1e-13, 1e-14));
}

TEST(PolarDist, TendsToTwiceTheEuclideanDistance) {
  torch::manual_seed(5);
  const auto v = torch::randn({50, 8}, torch::kFloat64).requires_grad_(true);
  const auto w = torch::randn({50, 8}, torch::kFloat64);
  const auto d = polar_dist(v, w, 1e-12);  // relative difference O(c |v|^2)
  EXPECT_TRUE(torch::allclose(d, 2 * (v - w).norm(2, 1), 1e-10, 0));
  const auto gradient = torch::autograd::grad({d.sum()}, {v})[0];
  const auto expected = 2 * (v - w) / (v - w).norm(2, 1, true);
  EXPECT_TRUE(torch::allclose(gradient, expected.detach(), 1e-9, 1e-10));
}

struct Degenerate {
  std::vector<double> v, w;
  double distance;
  std::vector<double> grad_v, grad_w;
};

// polar_dist.h: equal points have gradient 0 by convention, one point at the origin the exact limit
// -2 wh.
TEST(PolarDist, DegeneratePointsHaveExactValues) {
  const std::vector<Degenerate> cases = {{{0, 0}, {0, 0}, 0, {0, 0}, {0, 0}},
                                         {{3, 4}, {3, 4}, 0, {0, 0}, {0, 0}},
                                         {{0, 0}, {3, 4}, 10, {-1.2, -1.6}, {1.2, 1.6}},
                                         {{3, 4}, {0, 0}, 10, {1.2, 1.6}, {-1.2, -1.6}},
                                         {{60, 80}, {60, 80}, 0, {0, 0}, {0, 0}},
                                         {{0, 0}, {60, 80}, 200, {-1.2, -1.6}, {1.2, 1.6}},
                                         {{0, 5}, {5, 0}, -1, {}, {}}};
  for (const auto dtype : {torch::kFloat32, torch::kFloat64}) {
    for (const auto& one : cases) {
      const auto v = f64(one.v).to(dtype).requires_grad_(true),
                 w = f64(one.w).to(dtype).requires_grad_(true);
      const auto d = polar_dist(v, w, 4.0);
      d.backward();
      ASSERT_TRUE(v.grad().isfinite().all().item<bool>() && w.grad().isfinite().all().item<bool>());
      if (one.distance < 0)
        continue;  // a right angle: the pivot's other component is 0; finite is all
      if (one.distance == 0)
        EXPECT_EQ(d.item<double>(), 0);
      else
        EXPECT_NEAR(d.item<double>() / one.distance, 1, 1e-7);
      EXPECT_TRUE(torch::allclose(v.grad(), f64(one.grad_v).to(dtype), 1e-7, 0)) << v.grad();
      EXPECT_TRUE(torch::allclose(w.grad(), f64(one.grad_w).to(dtype), 1e-7, 0)) << w.grad();
    }
  }
}

TEST(PolarDist, GradientMatchesCentralDifferences) {
  torch::manual_seed(6);
  for (const double c : {0.25, 1.0, 4.0}) {
    const auto v = torch::randn({6, 5}, torch::kFloat64), w = torch::randn({6, 5}, torch::kFloat64);
    const auto weight = torch::rand({6}, torch::kFloat64);
    const auto f = [&](const Tensor& x) { return (polar_dist(x, w, c) * weight).sum(); };
    const auto g = [&](const Tensor& x) { return (polar_dist(v, x, c) * weight).sum(); };
    EXPECT_LT(gradient_error(f, v), 1e-8);  // step 1e-5: error of order 1e-10
    EXPECT_LT(gradient_error(g, w), 1e-8);
  }
}

/// The fused loop and the tensor operations must agree to rounding on every kind of pair.
TEST(PolarDist, FusedLoopEqualsTheComposite) {
  torch::manual_seed(9);
  for (const auto dtype : {torch::kFloat32, torch::kFloat64}) {
    for (const double radius : {1e-6, 1.0, 80.0, 200.0}) {
      std::vector<Tensor> v = {torch::zeros({3}, dtype), torch::zeros({3}, dtype),
                               torch::ones({3}, dtype)};
      std::vector<Tensor> w = {torch::ones({3}, dtype), torch::zeros({3}, dtype),
                               torch::ones({3}, dtype)};
      for (const auto& pair : pairs_at(radius, dtype)) {
        v.push_back(pair.v);
        w.push_back(pair.w);
      }
      const auto vs = torch::stack(v), ws = torch::stack(w), grad = torch::ones({vs.size(0)}, dtype);
      const auto c = torch::tensor(0.7, torch::kFloat64);
      // float64 to the accuracy of section C, then one rounding.
      const double tolerance = dtype == torch::kFloat32 ? 1.2e-7 : 1e-13;
      const auto close = [&](const Tensor& a, const Tensor& b) {
        return torch::allclose(a.to(torch::kFloat64), b, tolerance,
                               2 * tolerance * b.abs().max().item<double>());
      };
      EXPECT_TRUE(close(detail::polar_dist_cpu.forward(vs, ws, c, 1, dtype),
                        detail::polar_dist_composite.forward(vs, ws, c, 1, dtype)))
          << radius;
      const auto fused =
          detail::polar_dist_cpu.backward(grad, vs, ws, c, 1, {true, true, true});
      const auto composite =
          detail::polar_dist_composite.backward(grad, vs, ws, c, 1, {true, true, true});
      EXPECT_TRUE(close(fused.x, composite.x)) << radius;
      EXPECT_TRUE(close(fused.y, composite.y)) << radius;
      // The pairs with the origin have dd/dc = 0, left by terms of size 1 that cancel.
      EXPECT_NEAR(fused.c.item<double>(), composite.c.item<double>(),
                  tolerance * std::abs(composite.c.item<double>()) + 1e-15)
          << radius;
    }
  }
}

TEST(PolarDist, BroadcastsAndReducesAnyAxis) {
  torch::manual_seed(7);
  const auto v = torch::randn({1, 4, 6}, torch::kFloat64),
             w = torch::randn({2, 4, 6}, torch::kFloat64);
  const auto d = polar_dist(v, w, 1.0);
  ASSERT_EQ(d.sizes(), (std::vector<int64_t>{2, 4}));
  const auto channel_first = polar_dist(v.movedim(-1, 1), w.movedim(-1, 1), 1.0, 1);
  EXPECT_TRUE(torch::equal(d, channel_first));
  for (int i = 0; i < 2; ++i) EXPECT_TRUE(torch::equal(d[i], polar_dist(v[0], w[i], 1.0)));
  const auto f = [&](const Tensor& x) { return polar_dist(x, w, 1.0).square().sum(); };
  EXPECT_LT(gradient_error(f, v), 1e-8);
  EXPECT_LT(
      gradient_error([&](const Tensor& x) { return polar_dist(x, w, 1.0).square().sum(); }, v[0]),
      1e-8);
  EXPECT_EQ(polar_dist(torch::zeros({0, 3}), torch::zeros({0, 3}), 1.0).numel(), 0);
}

TEST(PolarDist, HalfTypesComputeAsFloat32) {
  torch::manual_seed(8);
  for (const auto dtype : {torch::kBFloat16, torch::kHalf}) {
    const auto v = torch::randn({10, 4}).to(dtype).requires_grad_(true),
               w = torch::randn({10, 4}).to(dtype);
    const auto d = polar_dist(v, w, 1.0);
    EXPECT_EQ(d.scalar_type(), dtype);
    EXPECT_TRUE(
        torch::equal(d, polar_dist(v.to(torch::kFloat32), w.to(torch::kFloat32), 1.0).to(dtype)));
    d.sum().backward();
    EXPECT_EQ(v.grad().scalar_type(), dtype);
    EXPECT_EQ(polar_dist(v, w.to(torch::kFloat32), 1.0).scalar_type(), torch::kFloat32);
  }
}

TEST(PolarDist, NanStaysNanInItsOwnRow) {
  const auto v = torch::tensor({{1.0f, NAN}, {1.0f, 2.0f}}), w = torch::ones({2, 2});
  const auto d = polar_dist(v, w, 1.0);
  EXPECT_TRUE(std::isnan(d[0].item<float>()));
  EXPECT_TRUE(std::isfinite(d[1].item<float>()));
}

TEST(PolarDist, DoubleBackwardIsAClearError) {
  const auto v = torch::randn({3, 2}).requires_grad_(true);
  const auto d = polar_dist(v, torch::ones({3, 2}), 1.0).sum();
  const auto g = torch::autograd::grad({d}, {v}, {}, true, /*create_graph=*/true)[0];
  try {
    g.sum().backward();
    FAIL() << "no error";
  } catch (const std::exception& e) {
    EXPECT_NE(std::string(e.what()).find("polar_dist: double backward"), std::string::npos);
  }
}

TEST(PolarDist, BadArgumentsShowTheirValue) {
  const auto v = torch::ones({2, 3});
  expect_value_error([&] { (void)polar_dist(v, v, 0.0); }, "got 0");
  expect_value_error([&] { (void)polar_dist(v, v, -1.5); }, "got -1.5");
  expect_value_error([&] { (void)polar_dist(v, v, NAN); }, "got nan");
  expect_value_error([&] { (void)polar_dist(v, torch::ones({2, 4}), 1.0); }, "[2, 4]");
  expect_value_error([&] { (void)polar_dist(v, torch::ones({2, 1}), 1.0); }, "[2, 1]");
  expect_value_error([&] { (void)polar_dist(v, torch::ones({3, 3}), 1.0); }, "[3, 3]");
  expect_value_error([&] { (void)polar_dist(v, v, 1.0, 2); }, "dim 2");
  expect_value_error([&] { (void)polar_dist(v, v.to(torch::kInt64), 1.0); }, "Long");
}

}  // namespace gyroseg::polar_dist_test
