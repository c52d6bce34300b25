// The Moebius sum against its definition in long decimals: value, gradients of <g, x (+) y>.

#include <gtest/gtest.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <algorithm>
#include <ostream>
#include <string>

#include "ball_regimes.h"
#include "manifolds/poincare_operators.h"
#include "support/ball_oracle.h"

namespace gyroseg::poincare_mobius_add_test {

using oracle::Real;
using testing::leaf;
using torch::Tensor;

struct Case {
  torch::Dtype dtype;
  double c;
};

void PrintTo(const Case& x, std::ostream* out) { *out << x.dtype << " c=" << x.c; }

void expect_right(const Tensor& first, const Tensor& second, double c_value) {
  const auto bounds = testing::contract_bounds(first.scalar_type());
  const auto a = leaf(first), b = leaf(second), curvature = testing::curvature_leaf(c_value);
  const auto g = torch::randn(a.sizes(), torch::kFloat64).to(a.scalar_type());
  const auto value = poincare_mobius_add(a, b, curvature);
  ASSERT_EQ(value.scalar_type(), a.scalar_type());
  value.backward(g);
  const auto x = oracle::exact<Real>(a), y = oracle::exact<Real>(b),
             weight = oracle::exact<Real>(g);
  const Real c = c_value;
  const auto on = [&](const auto& u, const auto& w, const Real& k) {
    return oracle::dot(weight, oracle::mobius_add(u, w, k));
  };
  EXPECT_LE(oracle::relative_error(value, oracle::mobius_add(x, y, c)), bounds.value);
  const auto by_x = oracle::gradient([&](const auto& t) { return on(t, y, c); }, x);
  const auto by_y = oracle::gradient([&](const auto& t) { return on(x, t, c); }, y);
  const auto by_c = oracle::derivative([&](const Real& t) { return on(x, y, t); }, c);
  EXPECT_LE(oracle::relative_error(a.grad(), by_x), bounds.gradient);
  EXPECT_LE(oracle::relative_error(b.grad(), by_y), bounds.gradient);
  // Where one point is tiny dc vanishes with it, as a difference of terms of size <g,z>/c.
  const auto z = oracle::mobius_add(x, y, c);
  const Real scale = sqrt(oracle::dot(weight, weight) * oracle::dot(z, z)) / c;
  const Real error = abs(oracle::exact<Real>(curvature.grad())[0] - by_c[0]);
  EXPECT_LE(error, bounds.gradient * std::max(Real(abs(by_c[0])), scale));
}

class MobiusAdd : public ::testing::TestWithParam<Case> {};

TEST_P(MobiusAdd, IsRightUpToTheRimAndForNearlyOppositePoints) {
  torch::manual_seed(61);
  const auto [dtype, c] = GetParam();
  for (const double norm : testing::contract_norms(dtype)) {
    for (const auto& pair : testing::ball_pairs_at(norm, c, dtype)) {
      if (torch::equal(pair.x, -pair.y)) continue;  // the sum is 0: below
      SCOPED_TRACE(pair.name + ", sqrt(c)|x| = 1 - " + std::to_string(1 - norm));
      expect_right(pair.x, pair.y, c);
      expect_right(pair.y, pair.x, c);
    }
  }
}

TEST_P(MobiusAdd, IdentityAndInverseAreExact) {
  torch::manual_seed(62);
  const auto [dtype, c] = GetParam();
  for (const double norm : testing::contract_norms(dtype)) {
    const auto x = testing::ball_pairs_at(norm, c, dtype)[0].x, zero = torch::zeros_like(x);
    EXPECT_TRUE(torch::equal(poincare_mobius_add(zero, x, c), x));
    // al x + c|x|^2 x = x up to the rounding of al + c|x|^2.
    EXPECT_TRUE(torch::allclose(poincare_mobius_add(x, zero, c), x, 2.5e-16, 0));
    EXPECT_TRUE(torch::equal(poincare_mobius_add(x, -x, c), zero));
    EXPECT_TRUE(torch::equal(poincare_mobius_add(-x, x, c), zero));
  }
}

TEST_P(MobiusAdd, GradientsAtOppositePointsAreExact) {
  // At y = -x the sum is (x+y)/al to first order: the Jacobians are I/al by both, dc is 0.
  torch::manual_seed(63);
  const auto [dtype, c] = GetParam();
  const auto point = testing::ball_pairs_at(0.5, c, dtype)[0].x;
  const auto x = leaf(point), y = leaf(-point), curvature = testing::curvature_leaf(c);
  const auto g = torch::randn(x.sizes(), x.options());
  poincare_mobius_add(x, y, curvature).backward(g);
  const auto al = 1 - c * point.to(torch::kFloat64).square().sum();
  const double rounding = dtype == torch::kFloat32 ? 1.2e-7 : 1e-15;
  for (const Tensor& t : {x, y})
    EXPECT_TRUE(
        torch::allclose(t.grad().to(torch::kFloat64), g.to(torch::kFloat64) / al, rounding, 0));
  EXPECT_EQ(curvature.grad().item<double>(), 0);
}

INSTANTIATE_TEST_SUITE_P(Regimes, MobiusAdd,
                         ::testing::Values(Case{torch::kFloat32, 0.25}, Case{torch::kFloat32, 1.0},
                                           Case{torch::kFloat32, 4.0}, Case{torch::kFloat64, 0.25},
                                           Case{torch::kFloat64, 1.0}, Case{torch::kFloat64, 4.0}));

TEST(PoincareMobiusAdd, ClosedForm) {
  // On a diameter velocities add as in relativity: (1/2 + 1/2)/(1 + 1/4).
  const auto half = torch::tensor({0.5, 0.0}, torch::kFloat64);
  EXPECT_NEAR(poincare_mobius_add(half, half, 1.0)[0].item<double>(), 0.8, 1e-16);
}

TEST(PoincareMobiusAdd, StaysInsideTheBallInItsOwnDtype) {
  torch::manual_seed(64);
  for (const auto dtype : {torch::kHalf, torch::kBFloat16, torch::kFloat32, torch::kFloat64})
    for (const double c : {0.25, 0.7, 1.0, 4.0})
      for (const int64_t dim : {1, 2, 64, 500}) {
        // The farthest points that exp0 gives, in nearly one direction.
        const auto v = 1e3 * testing::random_direction(dim);
        const auto x = poincare_expmap0(v.to(dtype), c);
        const auto y = poincare_expmap0((v + 10 * testing::random_direction(dim)).to(dtype), c);
        const auto z = poincare_mobius_add(x, y, c);
        ASSERT_EQ(z.scalar_type(), dtype);
        const auto p = oracle::exact<Real>(z);
        EXPECT_LT(Real(c) * oracle::dot(p, p), 1) << dtype << " c=" << c << " D=" << dim;
      }
}

}  // namespace gyroseg::poincare_mobius_add_test
