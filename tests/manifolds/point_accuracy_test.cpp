// Maps of the ball near the rim against 120-digit arithmetic: what hyperbolic.md section 1 says,
// written literally there.
#include <gtest/gtest.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <cmath>
#include <string>
#include <vector>

#include "manifolds/lorentz_maps.h"
#include "manifolds/lorentz_operators.h"
#include "manifolds/means.h"
#include "manifolds/mobius.h"
#include "manifolds/models.h"
#include "support/ball_oracle.h"

namespace gyroseg::point_accuracy_test {

using oracle::exact;
using oracle::Real;
using Vector = oracle::Vector<Real>;
using torch::Tensor;

constexpr double kC = 0.7, kEps = 0x1p-53;

/// Two points whose sqrt(c)|x| is about 1 - gap, and a tangent vector of hyperbolic length 1.5 at
/// x.
struct Pair {
  std::string name;
  Tensor x, y, v;
};

std::vector<Pair> pairs_at(double gap, torch::Dtype dtype) {
  const auto unit = [] {
    const auto x = torch::randn({5}, torch::kFloat64);
    return x / x.norm();
  };
  const double radius = (1 - gap) / std::sqrt(kC);
  const auto x = radius * unit(), direction = unit();
  const auto v = 1.5 * gap * direction;
  std::vector<Pair> pairs = {{"random", x, radius * unit(), v},
                             {"near", x, x + 0.3 * gap * unit(), v},
                             {"very near", x, x + 1e-6 * gap * unit(), v},
                             {"opposite", x, -x + 0.1 * gap * unit(), v},
                             {"inner", x, 0.3 * unit(), v},
                             {"from inside", 0.3 * unit(), x, direction},
                             {"same ray", x, 0.5 * x, -1.5 * gap * x / x.norm()}};
  for (auto& pair : pairs)
    for (auto* t : {&pair.x, &pair.y, &pair.v}) *t = t->to(dtype);
  return pairs;
}

double lambda_of(const Tensor& x) {
  return static_cast<double>(Real(2 / oracle::gap(exact<Real>(x), Real(kC))));
}

/// Hyperbolic distance of a result from the oracle's point, in roundings of coordinates there.
double roundings(const Tensor& point, const Vector& expected, double eps) {
  const double off = static_cast<double>(oracle::ball_dist(exact<Real>(point), expected, Real(kC)));
  return off / (eps * lambda_of(point));
}

class PointAccuracy : public ::testing::TestWithParam<double> {
 protected:
  void SetUp() override { torch::manual_seed(31); }
};

// al, be and the differences of exact coordinates are right to rounding and nothing cancels, so
// tangent vectors are right to a few roundings relative to their length however near the rim: 30
// eps, some 10 operations with sums of 5 terms.
TEST_P(PointAccuracy, TangentVectorsAreRightToRounding) {
  for (const auto& pair : pairs_at(GetParam(), torch::kFloat64)) {
    SCOPED_TRACE(pair.name);
    const auto x = exact<Real>(pair.x), y = exact<Real>(pair.y), v = exact<Real>(pair.v);
    const Real c = kC;
    EXPECT_LE(oracle::relative_error(poincare_logmap(pair.x, pair.y, kC), oracle::log_at(x, y, c)),
              30 * kEps);
    EXPECT_LE(oracle::relative_error(poincare_transport(pair.x, pair.y, pair.v, kC),
                                     oracle::transport(x, y, v, c)),
              30 * kEps);
    EXPECT_LE(
        oracle::relative_error(gyration(pair.x, pair.y, pair.v, kC), oracle::gyration(x, y, v, c)),
        30 * kEps);
  }
}

// A point is right to the rounding of its coordinates, eps lambda; inside, exp_x rounds the
// coordinates of a point that is as far from 0 as the tangent vector is long.
TEST_P(PointAccuracy, PointsAreRightToTheirCoordinates) {
  for (const auto& pair : pairs_at(GetParam(), torch::kFloat64)) {
    SCOPED_TRACE(pair.name);
    const auto x = exact<Real>(pair.x), y = exact<Real>(pair.y), v = exact<Real>(pair.v);
    const Real c = kC;
    EXPECT_LE(roundings(poincare_expmap(pair.x, pair.v, kC), oracle::exp_at(x, v, c), kEps), 100);
    const auto half = torch::scalar_tensor(0.5, torch::kFloat64);
    const auto middle = oracle::exp_at(x, oracle::scaled(oracle::log_at(x, y, c), Real(0.5)), c);
    EXPECT_LE(roundings(poincare_geodesic(half, pair.x, pair.y, kC), middle, kEps), 10);
    const auto both = torch::stack({pair.x, pair.y});
    const auto mean = oracle::midpoint<Real>({x, y}, {Real(1), Real(1)}, c);
    EXPECT_LE(roundings(poincare_midpoint(both, {}, kC), mean, kEps), 20);
  }
}

TEST_P(PointAccuracy, Float32IsRightToItsOwnRounding) {
  if (GetParam() < 1e-6) GTEST_SKIP() << "float32 has no such points";
  const double eps = 0x1p-24;
  for (const auto& pair : pairs_at(GetParam(), torch::kFloat32)) {
    SCOPED_TRACE(pair.name);
    const auto x = exact<Real>(pair.x), y = exact<Real>(pair.y), v = exact<Real>(pair.v);
    const Real c = kC;
    EXPECT_LE(oracle::relative_error(poincare_logmap(pair.x, pair.y, kC), oracle::log_at(x, y, c)),
              1.01 * eps);
    EXPECT_LE(oracle::relative_error(poincare_transport(pair.x, pair.y, pair.v, kC),
                                     oracle::transport(x, y, v, c)),
              1.01 * eps);
    // Rounding of 5 coordinates, each by half a unit: |x| eps, in the metric eps lambda |x|.
    EXPECT_LE(roundings(poincare_expmap(pair.x, pair.v, kC), oracle::exp_at(x, v, c), eps), 1.5);
  }
}

// Maps between the models: right to the rounding of what they return, not of the point.
TEST_P(PointAccuracy, ModelsAreRightToRounding) {
  for (const auto& pair : pairs_at(GetParam(), torch::kFloat64)) {
    SCOPED_TRACE(pair.name);
    const auto x = exact<Real>(pair.x);
    const Real c = kC, lambda = 2 / oracle::gap(x, c);
    auto lorentz = oracle::scaled(x, lambda);
    lorentz.insert(lorentz.begin(), Real((lambda - 1) / sqrt(c)));
    EXPECT_LE(oracle::relative_error(ball_to_lorentz(pair.x, kC), lorentz), 10 * kEps);
    const auto klein = oracle::scaled(x, Real(2 / (1 + c * oracle::dot(x, x))));
    EXPECT_LE(oracle::relative_error(ball_to_klein(pair.x, kC), klein), 10 * kEps);
  }
}

INSTANTIATE_TEST_SUITE_P(Gaps, PointAccuracy, ::testing::Values(0.3, 1e-2, 1e-4, 1e-6, 1e-9));

/// A point of the hyperboloid at this radius; equal coordinates, so that all lie exactly on one
/// ray.
Tensor on_ray(double radius) {
  const double s = std::sinh(radius) / std::sqrt(2.0);
  return torch::tensor({std::cosh(radius), s, s}, torch::kFloat64);
}

// Farther out than the ball's coordinates reach, distances and geodesics along a ray lose nothing
// but the coordinates' own rounding, some eps of the radius.
TEST(LorentzAccuracy, PointsFarOut) {
  const auto x = on_ray(40), y = on_ray(43);
  EXPECT_NEAR(lorentz_dist(x, y, 1.0).item<double>(), 3, 1e-14);
  EXPECT_NEAR(lorentz_sqdist(x, y, 1.0).item<double>(), 9, 1e-13);
  const auto half = lorentz_geodesic(torch::scalar_tensor(0.5, torch::kFloat64), x, y, 1.0);
  EXPECT_NEAR(lorentz_dist(x, half, 1.0).item<double>(), 1.5, 1e-13);
}

// A tangent vector's coordinates resolve its direction to eps e^R: at radius 20, length 3, some 5e8
// * 1e-16 * 3 = 2e-7 across the ray, which enters lengths squared and end points times sinh(3)/3.
// Along the ray lengths keep their digits, where -V0^2 + |Vs|^2 would have lost e^(2R), all of
// them.
TEST(LorentzAccuracy, TangentVectorsFarOut) {
  const auto x = on_ray(20), y = on_ray(23), log = lorentz_logmap(x, y, 1.0);
  EXPECT_NEAR(lorentz_inner(x, log, log, 1.0).item<double>(), 9, 1e-11);
  EXPECT_NEAR(lorentz_dist(lorentz_expmap(x, log, 1.0), y, 1.0).item<double>(), 0, 1e-5);
  const auto carried = lorentz_transport(x, y, log, 1.0);
  EXPECT_NEAR(lorentz_inner(y, carried, carried, 1.0).item<double>(), 9, 1e-9);
}

}  // namespace gyroseg::point_accuracy_test
