// The algebra of the ball (contract 4 of hyperbolic.md): gyrogroup laws, isometries, scaling with
// c, c -> 0, and the three models.
#include <gtest/gtest.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <cmath>
#include <ostream>

#include "manifolds/lorentz_operators.h"
#include "manifolds/manifold.h"
#include "manifolds/means.h"
#include "manifolds/mobius.h"
#include "manifolds/models.h"
#include "manifolds/poincare_operators.h"
#include "support/property.h"
#include "support/value_error.h"

namespace gyroseg::gyrogroup_test {

using testing::any_vectors;
using testing::expect_property;
using testing::expect_value_error;
using testing::largest;
using testing::within;
using torch::Tensor;

struct Case {
  double c, spread;
  torch::Dtype dtype;
};

void PrintTo(const Case& x, std::ostream* out) {
  *out << "c=" << x.c << " spread=" << x.spread << " " << x.dtype;
}

constexpr int64_t kD = 3, kN = 2;
/// Roundings of coordinates in a law; one moves a point by eps sinh(sqrt(c) R)/sqrt(c).
constexpr double kRoundings = 40;

class Gyrogroup : public ::testing::TestWithParam<Case> {
 protected:
  [[nodiscard]] Tensor outputs(int64_t n = kN) const {
    return any_vectors(n, kD, GetParam().spread, GetParam().dtype);
  }
  [[nodiscard]] Tensor points(int64_t n = kN) const { return poincare_expmap0(outputs(n), c); }
  [[nodiscard]] Tensor add(const Tensor& x, const Tensor& y) const {
    return poincare_mobius_add(x, y, c);
  }
  [[nodiscard]] double gap(const Tensor& a, const Tensor& b) const {
    return largest(poincare_dist(a, b, c));
  }
  [[nodiscard]] double eps() const {
    return GetParam().dtype == torch::kFloat64 ? 0x1p-53 : 0x1p-24;
  }
  /// The points' own roundings, and those of what is computed on the way (`add` of far points lies
  /// farther out than either).
  template <typename... Points>
  [[nodiscard]] double slack(const Points&... points) const {
    const auto one = [&](const Tensor& x) {
      return std::sinh(std::sqrt(c) * gap(x, torch::zeros_like(x))) / std::sqrt(c);
    };
    return kRoundings * eps() * (one(points) + ...);
  }

  double c = GetParam().c;
};

TEST_P(Gyrogroup, LeftCancellation) {
  expect_property([&] {
    const auto x = points(), y = points(), sum = add(x, y);
    within(gap(add(-x, sum), y), slack(x, y, sum), "-x (+) (x (+) y) = y");
    RC_ASSERT(largest(add(x, -x)) == 0);
    within(largest(add(torch::zeros_like(x), y) - y), 4 * eps() * largest(y), "0 (+) y = y");
  });
}

TEST_P(Gyrogroup, GyroAssociativityAndCommutativity) {
  expect_property([&] {
    const auto x = points(), y = points(), z = points();
    const auto xy = add(x, y), yz = add(y, z), turned = gyration(x, y, z, c);
    within(gap(add(x, yz), add(xy, turned)), slack(x, y, z, xy, yz, add(x, yz)), "associativity");
    within(gap(xy, gyration(x, y, add(y, x), c)), slack(x, y, xy, add(y, x)), "commutativity");
  });
}

TEST_P(Gyrogroup, GyrationIsARotation) {
  expect_property([&] {
    const auto x = points(), y = points();
    const auto v = any_vectors(kN, kD, 1.0, GetParam().dtype),
               w = any_vectors(kN, kD, 1.0, GetParam().dtype);
    const auto gv = gyration(x, y, v, c), gw = gyration(x, y, w, c);
    // A rounding of x or y turns by lambda of it.
    const double turn = kRoundings * eps() + slack(x, y) * std::sqrt(c);
    within(largest((gv * gw).sum(1) - (v * w).sum(1)), 8 * turn, "inner product");
    within(largest(gyration(y, x, gv, c) - v), 4 * turn, "inverse");
    within(largest(gyration(x, -x, v, c) - v), 4 * eps(), "gyr[x,-x]");
  });
}

TEST_P(Gyrogroup, TranslationsAreIsometries) {
  expect_property(
      [&] {
        const auto a = points(1), x = points(), y = points(), ax = add(a, x), ay = add(a, y);
        within(largest(poincare_dist(ax, ay, c) - poincare_dist(x, y, c)), slack(a, x, y, ax, ay),
               "distance");
        const auto half = torch::scalar_tensor(0.5, torch::kFloat64);
        const auto middle = poincare_geodesic(half, x, y, c),
                   moved = poincare_geodesic(half, ax, ay, c);
        within(gap(add(a, middle), moved), slack(a, x, y, ax, ay, moved), "geodesic");
        const auto all = points(4), there = add(a, all);
        const double bound = slack(a, all, there);
        const auto m = poincare_midpoint(all, {}, c), moved_m = poincare_midpoint(there, {}, c);
        within(gap(add(a[0], m), moved_m), bound, "midpoint");
        const auto f = poincare_frechet_mean(all, {}, c),
                   moved_f = poincare_frechet_mean(there, {}, c);
        within(gap(add(a[0], f), moved_f), bound, "Frechet mean");
      },
      25);
}

TEST_P(Gyrogroup, ScalarProduct) {
  expect_property([&] {
    const auto x = points();
    const auto r = [&](double value) { return torch::scalar_tensor(value, torch::kFloat64); };
    const auto twice = mobius_scalar(r(2), x, c);
    within(gap(twice, add(x, x)), slack(x, twice), "2 (x) x = x (+) x");
    within(gap(mobius_scalar(r(0.5), twice, c), x), slack(x, twice), "1/2 (x) (2 (x) x) = x");
    within(gap(mobius_scalar(r(-1), x, c), -x), slack(x), "-1 (x) x");
    within(gap(mobius_matrix(2 * torch::eye(kD, x.options()), x, c), twice), slack(twice),
           "matrix");
    const auto sum = add(mobius_scalar(r(0.3), x, c), mobius_scalar(r(0.7), x, c));
    within(gap(sum, x), slack(x), "distributive");
  });
}

TEST_P(Gyrogroup, ScalesWithCurvature) {
  expect_property([&] {  // d_c(x, y) = d_1(sqrt(c) x, sqrt(c) y)/sqrt(c), and so for every map
    const double s = std::sqrt(c);
    const auto x = points().to(torch::kFloat64), y = points().to(torch::kFloat64);
    const double bound = slack(x, y);
    within(largest(poincare_dist(x, y, c) - poincare_dist(s * x, s * y, 1.0) / s), bound, "dist");
    const auto v = poincare_logmap(x, y, c), scaled = poincare_logmap(s * x, s * y, 1.0) / s;
    within(largest(poincare_lambda(x, c) * (v - scaled)), bound, "log");
    within(gap(poincare_expmap(x, v, c), poincare_expmap(s * x, s * v, 1.0) / s), 4 * bound, "exp");
    within(gap(add(x, y), poincare_mobius_add(s * x, s * y, 1.0) / s), bound + slack(add(x, y)),
           "sum");
  });
}

TEST_P(Gyrogroup, ModelsCommute) {
  expect_property([&] {
    const auto x = points(), y = points();
    const auto to_x = ball_to_lorentz(x, c), to_y = ball_to_lorentz(y, c);
    within(gap(lorentz_to_ball(to_x, c), x), slack(x), "ball -> lorentz -> ball");
    within(largest(lorentz_dist(to_x, to_y, c) - poincare_dist(x, y, c)), slack(x, y), "distance");
    const auto all = points(4);
    within(largest(lorentz_dist(lorentz_centroid(ball_to_lorentz(all, c), {}, c),
                                ball_to_lorentz(poincare_midpoint(all, {}, c), c), c)),
           slack(all), "centroid");
    // Klein's coordinates lose e^(2R).
    const double root = std::sqrt(c), radius = gap(x, torch::zeros_like(x));
    const double klein = kRoundings * eps() * std::sinh(2 * root * radius) / root;
    if (!(root * klein < 0.1)) return;
    const auto k = ball_to_klein(x, c);
    within(gap(klein_to_ball(k, c), x), klein, "ball -> klein -> ball");
    within(largest(lorentz_to_klein(to_x, c) - k) * root, 4 * eps(), "lorentz -> klein");
    within(largest(lorentz_dist(klein_to_lorentz(k, c), to_x, c)), klein + slack(x),
           "klein -> lorentz");
  });
}

// Hyperbolic radius up to 17 in float64 and 7 in float32, near the origin, and c on both sides of
// 1.
INSTANTIATE_TEST_SUITE_P(
    Regimes, Gyrogroup,
    ::testing::Values(Case{1.0, 1e-6, torch::kFloat64}, Case{0.3, 1.0, torch::kFloat64},
                      Case{1.0, 5.0, torch::kFloat64}, Case{1.0, 1e-4, torch::kFloat32},
                      Case{1.0, 1.0, torch::kFloat32}, Case{4.0, 1.0, torch::kFloat32}));

TEST(SmallCurvature, EverythingTendsToVectorAlgebra) {
  torch::manual_seed(2);
  const double c = 1e-12;  // relative differences of order c |x|^2
  const auto random = [] { return torch::randn({20, 4}, torch::kFloat64); };
  const auto x = random(), y = random(), v = random();
  const auto same = [](const Tensor& a, const Tensor& b) {
    return torch::allclose(a, b, 1e-10, 1e-10);
  };
  EXPECT_TRUE(same(poincare_expmap(x, v, c), x + v));
  EXPECT_TRUE(same(poincare_logmap(x, y, c), y - x));
  EXPECT_TRUE(same(poincare_transport(x, y, v, c), v));
  EXPECT_TRUE(same(gyration(x, y, v, c), v));
  EXPECT_TRUE(same(poincare_rgrad(x, v, c), v / 4));  // the metric tends to 4 I
  EXPECT_TRUE(same(poincare_lambda(x, c), torch::full({20, 1}, 2.0, torch::kFloat64)));
  const auto t = torch::rand({20}, torch::kFloat64);
  EXPECT_TRUE(same(poincare_geodesic(t, x, y, c), x + t.unsqueeze(1) * (y - x)));
  EXPECT_TRUE(same(mobius_scalar(t, x, c), t.unsqueeze(1) * x));
  const auto w = torch::rand({20}, torch::kFloat64);
  const auto mean = (w.unsqueeze(1) * x).sum(0) / w.sum();
  EXPECT_TRUE(same(poincare_midpoint(x, w, c), mean));
  EXPECT_TRUE(same(poincare_frechet_mean(x, w, c), mean));
  EXPECT_TRUE(same(ball_to_klein(x, c), 2 * x));
}

TEST(Mobius, ClosedForms) {
  const auto point = [](double x, double y) { return torch::tensor({x, y}, torch::kFloat64); };
  // On a diameter the sum is that of velocities: (a + b)/(1 + ab), with gap 1 - ((a+b)/(1+ab))^2.
  EXPECT_TRUE(torch::allclose(poincare_mobius_add(point(0.5, 0), point(0.25, 0), 1.0),
                              point(0.75 / 1.125, 0), 1e-15, 0));
  // The midpoint of +-a e_1 and of a point with itself; d(0, 1/2) = ln 3, half of it at tanh(ln
  // 3/4).
  const auto half = torch::scalar_tensor(0.5, torch::kFloat64);
  EXPECT_EQ(poincare_geodesic(half, point(0.5, 0), point(-0.5, 0), 1.0).abs().max().item<double>(),
            0);
  EXPECT_NEAR(poincare_geodesic(half, point(0, 0), point(0.5, 0), 1.0)[0].item<double>(),
              std::tanh(std::log(3.0) / 4), 1e-16);
  // X0 = cosh d(0, x) = (1 + 1/4)/(1 - 1/4), Klein 2x/(1 + |x|^2).
  EXPECT_TRUE(torch::allclose(ball_to_lorentz(point(0.5, 0), 1.0),
                              torch::tensor({5.0 / 3, 4.0 / 3, 0.0}, torch::kFloat64), 1e-15, 0));
  EXPECT_TRUE(torch::allclose(ball_to_klein(point(0.5, 0), 1.0), point(0.8, 0), 1e-15, 0));
}

TEST(Mobius, MatrixChangesTheDimension) {
  const auto x = torch::full({2, 3, 4, 5}, 0.1), m = torch::ones({7, 3});
  EXPECT_EQ(mobius_matrix(m, x, 1.0, 1).sizes(), (std::vector<int64_t>{2, 7, 4, 5}));
}

TEST(Mobius, AnyAxisAndBroadcast) {
  torch::manual_seed(5);
  const double c = 0.7;
  const auto x = poincare_expmap0(torch::randn({2, 1, 4, 3}, torch::kFloat64), c);
  const auto y = poincare_expmap0(torch::randn({5, 4, 3}, torch::kFloat64), c);
  const auto v = torch::randn({3}, torch::kFloat64);
  const auto first = [](const Tensor& t) { return t.movedim(-1, 1); };
  const auto rows = poincare_transport(x, y, v, c);
  ASSERT_EQ(rows.sizes(), (std::vector<int64_t>{2, 5, 4, 3}));
  const auto pixels = poincare_transport(first(x), y.movedim(-1, 0), v.view({3, 1, 1}), c, 1);
  EXPECT_TRUE(torch::allclose(pixels, first(rows), 1e-12, 1e-14));
  const auto t = torch::rand({2, 5, 4}, torch::kFloat64);
  EXPECT_TRUE(torch::allclose(poincare_geodesic(t, first(x), y.movedim(-1, 0), c, 1),
                              first(poincare_geodesic(t, x, y, c)), 1e-12, 1e-14));
}

TEST(Mobius, OutsideIsNanAndBadArgumentsShowTheirValue) {
  const auto x = torch::tensor({{2.0f, 0.0f}, {0.5f, 0.0f}}), y = torch::zeros({2, 2});
  const auto log = poincare_logmap(x, y, 1.0);
  EXPECT_TRUE(log[0].isnan().all().item<bool>() && log[1].isfinite().all().item<bool>());
  expect_value_error([&] { (void)poincare_expmap(x, y, 0.0); }, "got 0");
  expect_value_error([&] { (void)poincare_expmap(x, torch::zeros({2, 3}), 1.0); }, "[2, 3]");
  expect_value_error([&] { (void)gyration(x, y, torch::zeros({3, 2}), 1.0); }, "[3, 2]");
  expect_value_error([&] { (void)poincare_logmap(x, y.to(torch::kInt64), 1.0); }, "Long");
  expect_value_error([&] { (void)mobius_matrix(torch::zeros({4, 3}), x, 1.0); }, "[4, 3]");
  expect_value_error([&] { (void)poincare_lambda(x, 1.0, 2); }, "dim 2");
  expect_value_error([&] { (void)lorentz_to_ball(torch::ones({2, 1}), 1.0); }, "[2, 1]");
  expect_value_error([&] { (void)poincare_midpoint(x, torch::ones({3}), 1.0); }, "[3]");
  expect_value_error([&] { (void)poincare_midpoint(x, {}, 1.0, 1, -1); }, "axis 1");
}

}  // namespace gyroseg::gyrogroup_test
