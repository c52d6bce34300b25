// Distance and squared distance in ball coordinates against the definitions in long decimals
// (contract 1 of hyperbolic.md), and where no gradient exists.

#include <gtest/gtest.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <cmath>
#include <ostream>
#include <string>

#include "ball_regimes.h"
#include "manifolds/poincare_operators.h"
#include "support/ball_oracle.h"

namespace gyroseg::poincare_dist_test {

using oracle::Real;
using testing::BallPair;
using testing::leaf;
using torch::Tensor;

using Operator = Tensor (*)(const Tensor&, const Tensor&, const Curvature&, int64_t);

struct Case {
  const char* name;
  Operator op;
  bool squared;
  torch::Dtype dtype;
  double c;
};

void PrintTo(const Case& x, std::ostream* out) { *out << x.name << " " << x.dtype << " c=" << x.c; }

class BallDistance : public ::testing::TestWithParam<Case> {
 protected:
  void SetUp() override { torch::manual_seed(31); }

  static Real expected(const oracle::Vector<Real>& x, const oracle::Vector<Real>& y,
                       const Real& c) {
    const Real d = oracle::ball_dist(x, y, c);
    return GetParam().squared ? d * d : d;
  }

  static void expect_right_value(const BallPair& pair) {
    const auto x = oracle::exact<Real>(pair.x), y = oracle::exact<Real>(pair.y);
    const auto d = GetParam().op(pair.x, pair.y, GetParam().c, -1);
    ASSERT_EQ(d.scalar_type(), GetParam().dtype);
    EXPECT_LE(oracle::relative_error<Real>(d.view({1}), {expected(x, y, GetParam().c)}),
              testing::contract_bounds(GetParam().dtype).value);
  }

  static void expect_right_gradients(const BallPair& pair) {
    const auto a = leaf(pair.x), b = leaf(pair.y),
               curvature = testing::curvature_leaf(GetParam().c);
    GetParam().op(a, b, curvature, -1).backward();
    const auto x = oracle::exact<Real>(a), y = oracle::exact<Real>(b);
    const Real c = GetParam().c;
    const auto by_x = oracle::gradient([&](const auto& t) { return expected(t, y, c); }, x);
    const auto by_y = oracle::gradient([&](const auto& t) { return expected(x, t, c); }, y);
    const auto by_c = oracle::derivative([&](const Real& t) { return expected(x, y, t); }, c);
    const double bound = testing::contract_bounds(GetParam().dtype).gradient;
    EXPECT_LE(oracle::relative_error(a.grad(), by_x), bound);
    EXPECT_LE(oracle::relative_error(b.grad(), by_y), bound);
    EXPECT_LE(oracle::relative_error(curvature.grad().view({1}), by_c), bound);
  }
};

TEST_P(BallDistance, KeepsContractOne) {
  for (const double norm : testing::contract_norms(GetParam().dtype)) {
    for (const auto& pair : testing::ball_pairs_at(norm, GetParam().c, GetParam().dtype)) {
      SCOPED_TRACE(pair.name + ", sqrt(c)|x| = 1 - " + std::to_string(1 - norm));
      expect_right_value(pair);
      expect_right_gradients(pair);
    }
  }
}

TEST_P(BallDistance, KeepsContractOneInManyDimensions) {
  for (const int64_t dim : {1, 64})
    for (const double norm : testing::contract_norms(GetParam().dtype))
      for (const auto& pair : testing::ball_pairs_at(norm, GetParam().c, GetParam().dtype, dim)) {
        SCOPED_TRACE(pair.name + ", sqrt(c)|x| = 1 - " + std::to_string(1 - norm) + ", dimension " +
                     std::to_string(dim));
        expect_right_value(pair);
      }
}

TEST_P(BallDistance, EqualPointsHaveDistanceAndGradientZero) {
  for (const double norm : testing::contract_norms(GetParam().dtype)) {
    const auto point = testing::ball_pairs_at(norm, GetParam().c, GetParam().dtype)[0].x;
    for (const Tensor& p : {point, torch::zeros_like(point)}) {
      const auto x = leaf(p), y = leaf(p), c = testing::curvature_leaf(GetParam().c);
      const auto d = GetParam().op(x, y, c, -1);
      d.backward();
      EXPECT_EQ(d.item<double>(), 0);
      for (const Tensor& t : {x, y, c}) EXPECT_EQ(t.grad().abs().max().item<double>(), 0);
    }
  }
}

std::vector<Case> every_case() {
  std::vector<Case> cases;
  for (const auto dtype : {torch::kFloat32, torch::kFloat64})
    for (const double c : {0.25, 1.0, 4.0}) {
      cases.push_back({"poincare_dist", &poincare_dist, false, dtype, c});
      cases.push_back({"poincare_sqdist", &poincare_sqdist, true, dtype, c});
    }
  return cases;
}

INSTANTIATE_TEST_SUITE_P(Regimes, BallDistance, ::testing::ValuesIn(every_case()));

TEST(PoincareDist, ClosedForms) {
  // d(0, (1/2, 0)) = ln 3 at c = 1; on a diameter d(-x, x) is twice that.
  const auto half = torch::tensor({0.5, 0.0}, torch::kFloat64);
  EXPECT_NEAR(poincare_dist(torch::zeros_like(half), half, 1.0).item<double>(), std::log(3.0),
              1e-15);
  EXPECT_NEAR(poincare_sqdist(-half, half, 1.0).item<double>(), 4 * std::log(3.0) * std::log(3.0),
              4e-15);
  // c = 4, radius 1/2: d_c(x, y) = d_1(2x, 2y)/2.
  EXPECT_NEAR(poincare_dist(torch::zeros_like(half), half / 2, 4.0).item<double>(),
              std::log(3.0) / 2, 1e-15);
}

TEST(PoincareDist, TendsToTwiceTheEuclideanDistance) {
  torch::manual_seed(32);
  const auto x = torch::randn({50, 8}, torch::kFloat64), y = torch::randn({50, 8}, torch::kFloat64);
  const auto flat = (x - y).norm(2, 1);
  // The relative difference is of order c|x|^2.
  EXPECT_TRUE(torch::allclose(poincare_dist(x, y, 1e-12), 2 * flat, 1e-10, 0));
  EXPECT_TRUE(torch::allclose(poincare_sqdist(x, y, 1e-12), 4 * flat.square(), 1e-10, 0));
  // dd/dc at c = 0 is |x-y| (|x|^2 + |y|^2 - |x-y|^2/3) (derivations.md E).
  const auto c = testing::curvature_leaf(1e-12);
  poincare_dist(x, y, c).sum().backward();
  const auto slope = flat * (x.square().sum(1) + y.square().sum(1) - flat.square() / 3);
  EXPECT_NEAR(c.grad().item<double>() / slope.sum().item<double>(), 1, 1e-9);
}

}  // namespace gyroseg::poincare_dist_test
