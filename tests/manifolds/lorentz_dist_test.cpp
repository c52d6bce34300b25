// The hyperboloid's distance against its definition in long decimals, at every radius that float32
// coordinates can have.

#include <gtest/gtest.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <cmath>
#include <limits>
#include <ostream>
#include <string>
#include <vector>

#include "ball_regimes.h"
#include "manifolds/lorentz_operators.h"
#include "support/ball_oracle.h"

namespace gyroseg::lorentz_dist_test {

using testing::leaf;
using torch::Tensor;

/// [X0, Xs] in dtype; Xs is rounded first, X0 belongs to the rounded one.
Tensor point(const Tensor& space, double c, torch::Dtype dtype) {
  const auto xs = space.to(dtype).to(torch::kFloat64);
  return torch::cat({torch::sqrt(1 / c + xs.square().sum()).view({1}), xs}).to(dtype);
}

struct Pair {
  std::string name;
  Tensor x, y;
};

/// x at hyperbolic radius R: |Xs| = sinh(sqrt(c) R)/sqrt(c).
std::vector<Pair> pairs_at(double radius, double c, torch::Dtype dtype) {
  const auto length = [&](double r) { return std::sinh(std::sqrt(c) * r) / std::sqrt(c); };
  const auto at = [&](double r) { return length(r) * testing::random_direction(4); };
  // A few bits fewer, so that 3x and 2x, and x/2, are exact and parallel.
  const auto xs = (at(radius).to(torch::kFloat32).view(torch::kInt32).bitwise_and(~7))
                      .view(torch::kFloat32)
                      .to(torch::kFloat64);
  const auto make = [&](const Tensor& s) { return point(s, c, dtype); };
  auto next = xs.to(dtype);
  next[0] = torch::nextafter(next[0], torch::zeros({}, dtype));
  const auto x = make(xs);
  return {{"random", x, make(at(radius))},
          {"other radius", x, make(at(radius / 2))},
          {"parallel 3:2", make(3 * xs), make(2 * xs)},
          {"opposite", x, make(-xs)},
          {"origin", x, make(torch::zeros({4}, torch::kFloat64))},
          {"near by 1e-3", x, make(xs + 1e-3 * length(radius) * testing::random_direction(4))},
          {"neighbour", x, make(next)}};
}

struct Case {
  torch::Dtype dtype;
  double c;
};

void PrintTo(const Case& x, std::ostream* out) { *out << x.dtype << " c=" << x.c; }

/// The definition at the exact points of the hyperboloid over the given space parts.
template <typename R>
void expect_right(const Pair& pair, double c_value) {
  const auto bounds = testing::contract_bounds(pair.x.scalar_type());
  const auto a = leaf(pair.x), b = leaf(pair.y), curvature = testing::curvature_leaf(c_value);
  const auto d = lorentz_dist(a, b, curvature);
  ASSERT_EQ(d.scalar_type(), pair.x.scalar_type());
  d.backward();
  const R c = c_value;
  const auto x = oracle::on_hyperboloid(oracle::exact<R>(a), c);
  const auto y = oracle::on_hyperboloid(oracle::exact<R>(b), c);
  EXPECT_LE(oracle::relative_error<R>(d.view({1}), {oracle::lorentz_dist(x, y, c)}), bounds.value);
  const auto by_c =
      oracle::derivative([&](const R& t) { return oracle::lorentz_dist(x, y, t); }, c);
  EXPECT_LE(oracle::relative_error(curvature.grad().view({1}), by_c), bounds.gradient);
  const auto by_x =
      oracle::gradient([&](const auto& t) { return oracle::lorentz_dist(t, y, c); }, x);
  const auto by_y =
      oracle::gradient([&](const auto& t) { return oracle::lorentz_dist(x, t, c); }, y);
  EXPECT_LE(oracle::relative_error(a.grad(), by_x), bounds.gradient);
  EXPECT_LE(oracle::relative_error(b.grad(), by_y), bounds.gradient);
}

class LorentzDist : public ::testing::TestWithParam<Case> {};

TEST_P(LorentzDist, KeepsContractOne) {
  torch::manual_seed(71);
  const auto [dtype, c] = GetParam();
  for (const double scaled_radius : {1e-6, 1e-3, 0.1, 1.0, 6.0}) {
    for (const auto& pair : pairs_at(scaled_radius / std::sqrt(c), c, dtype)) {
      SCOPED_TRACE(pair.name + ", sqrt(c) R = " + std::to_string(scaled_radius));
      expect_right<oracle::Real>(pair, c);
    }
  }
}

// The definition changes by e^(2R) per step of X0: differences of it need the longer decimals.
TEST_P(LorentzDist, KeepsContractOneAsFarAsFloat32Reaches) {
  torch::manual_seed(72);
  const auto [dtype, c] = GetParam();
  for (const double scaled_radius : {18.0, 80.0}) {
    for (const auto& pair : pairs_at(scaled_radius / std::sqrt(c), c, dtype)) {
      SCOPED_TRACE(pair.name + ", sqrt(c) R = " + std::to_string(scaled_radius));
      expect_right<oracle::FarReal>(pair, c);
    }
  }
}

TEST_P(LorentzDist, EqualPointsHaveDistanceAndGradientZero) {
  torch::manual_seed(73);
  const auto [dtype, c] = GetParam();
  for (const double radius : {0.0, 1e-3, 1.0, 40.0}) {
    const auto p = pairs_at(radius / std::sqrt(c), c, dtype)[0].x;
    const auto x = leaf(p), y = leaf(p), curvature = testing::curvature_leaf(c);
    const auto d = lorentz_dist(x, y, curvature);
    d.backward();
    EXPECT_EQ(d.item<double>(), 0);
    for (const Tensor& t : {x, y, curvature}) EXPECT_EQ(t.grad().abs().max().item<double>(), 0);
  }
}

INSTANTIATE_TEST_SUITE_P(Regimes, LorentzDist,
                         ::testing::Values(Case{torch::kFloat32, 0.25}, Case{torch::kFloat32, 1.0},
                                           Case{torch::kFloat32, 4.0}, Case{torch::kFloat64, 0.25},
                                           Case{torch::kFloat64, 1.0}, Case{torch::kFloat64, 4.0}));

TEST(LorentzDist, RadiiAddUpOnARay) {
  // (cosh r, sinh r, 0) at c = 1.
  const auto at = [](double r) {
    return torch::tensor({std::cosh(r), std::sinh(r), 0.0}, torch::kFloat64);
  };
  EXPECT_NEAR(lorentz_dist(at(2), at(-3), 1.0).item<double>(), 5, 1e-14);
  EXPECT_NEAR(lorentz_dist(at(20), at(17), 1.0).item<double>(), 3, 1e-14);
}

}  // namespace gyroseg::lorentz_dist_test
