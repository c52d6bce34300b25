// exp0 and log0 against the definitions in long decimals: values, products with the Jacobian, the
// gradient of c; what holds at the origin and beyond what the dtype resolves.

#include <gtest/gtest.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <cmath>
#include <ostream>
#include <string>
#include <vector>

#include "ball_regimes.h"
#include "manifolds/poincare_operators.h"
#include "support/ball_oracle.h"

namespace gyroseg::poincare_radial_test {

using oracle::Real;
using oracle::Vector;
using testing::leaf;
using torch::Tensor;

struct Case {
  torch::Dtype dtype;
  double c;
};

void PrintTo(const Case& x, std::ostream* out) { *out << x.dtype << " c=" << x.c; }

/// A map along rays and its definition, checked at v: the value, and the gradients of <g, f(v)>.
template <typename Expected>
void expect_right(const Tensor& v, double c_value,
                  Tensor (*op)(const Tensor&, const Curvature&, int64_t),
                  const Expected& expected) {
  const auto bounds = testing::contract_bounds(v.scalar_type());
  const auto a = leaf(v), curvature = testing::curvature_leaf(c_value);
  const auto g = torch::randn(v.sizes(), torch::kFloat64).to(v.scalar_type());
  const auto value = op(a, curvature, -1);
  ASSERT_EQ(value.scalar_type(), v.scalar_type());
  value.backward(g);
  const auto x = oracle::exact<Real>(v), weight = oracle::exact<Real>(g);
  const Real c = c_value;
  EXPECT_LE(oracle::relative_error(value, expected(x, c)), bounds.value);
  const auto by_v =
      oracle::gradient([&](const auto& t) { return oracle::dot(weight, expected(t, c)); }, x);
  const auto by_c =
      oracle::derivative([&](const Real& t) { return oracle::dot(weight, expected(x, t)); }, c);
  EXPECT_LE(oracle::relative_error(a.grad(), by_v), bounds.gradient);
  EXPECT_LE(oracle::relative_error(curvature.grad().view({1}), by_c), bounds.gradient);
}

class RadialMap : public ::testing::TestWithParam<Case> {
 protected:
  void SetUp() override { torch::manual_seed(51); }
  [[nodiscard]] Tensor at(double length, int64_t dim) const {
    return (length / std::sqrt(GetParam().c) * testing::random_direction(dim)).to(GetParam().dtype);
  }
};

TEST_P(RadialMap, Expmap0IsRightToTheRadiusThatTheDtypeResolves) {
  // sqrt(c)|v|: both sides of the series' bound sqrt(0.003); hyperbolic radius 16 and 34.
  std::vector<double> lengths = {1e-7, 1e-3, 0.05, 0.06, 0.5, 1, 3, 7.9};
  if (GetParam().dtype == torch::kFloat64) lengths.insert(lengths.end(), {12, 17});
  for (const double length : lengths)
    for (const int64_t dim : {1, 5}) {
      SCOPED_TRACE("sqrt(c)|v| = " + std::to_string(length) + ", dimension " + std::to_string(dim));
      // In one dimension all of the Jacobian is sech^2, which float64 resolves to 1e-12 for
      // lengths up to 4 (derivations.md B13).
      if (dim == 1 && length > 4) continue;
      expect_right(at(length, dim), GetParam().c, &poincare_expmap0,
                   [](const auto& v, const Real& c) { return oracle::exp0(v, c); });
    }
}

TEST_P(RadialMap, Logmap0IsRightUpToTheRim) {
  auto norms = testing::contract_norms(GetParam().dtype);
  norms.insert(norms.end(), {1e-7, 0.22, 0.23});  // the series' bound is sqrt(0.05)
  for (const double norm : norms)
    for (const int64_t dim : {1, 5}) {
      SCOPED_TRACE("1 - norm = " + std::to_string(1 - norm) + ", dimension " + std::to_string(dim));
      expect_right(at(norm, dim), GetParam().c, &poincare_logmap0,
                   [](const auto& y, const Real& c) { return oracle::log0(y, c); });
    }
}

TEST_P(RadialMap, TheJacobianAtTheOriginIsTheIdentity) {
  for (const auto op : {&poincare_expmap0, &poincare_logmap0}) {
    const auto v = leaf(torch::zeros({3, 4}, GetParam().dtype));
    const auto c = testing::curvature_leaf(GetParam().c), g = torch::randn({3, 4}, v.options());
    const auto value = op(v, c, -1);
    value.backward(g);
    EXPECT_TRUE(torch::equal(value, torch::zeros_like(v)));
    EXPECT_TRUE(torch::equal(v.grad(), g));
    EXPECT_EQ(c.grad().item<double>(), 0);
  }
}

TEST_P(RadialMap, TheyAreInverse) {
  for (const double length : {1e-6, 0.3, 2.0}) {
    const auto v = torch::stack({at(length, 6), at(length, 6)});
    const auto back = poincare_logmap0(poincare_expmap0(v, GetParam().c), GetParam().c);
    // log0 multiplies the rounding of exp0 by cosh^2(t)/t, 7 at t = 2.
    const double rounding = GetParam().dtype == torch::kFloat32 ? 6e-8 : 1.2e-16;
    EXPECT_LE((back - v).norm().item<double>() / v.norm().item<double>(), 20 * rounding);
  }
}

INSTANTIATE_TEST_SUITE_P(Regimes, RadialMap,
                         ::testing::Values(Case{torch::kFloat32, 0.25}, Case{torch::kFloat32, 1.0},
                                           Case{torch::kFloat32, 4.0}, Case{torch::kFloat64, 0.25},
                                           Case{torch::kFloat64, 1.0}, Case{torch::kFloat64, 4.0}));

/// 1 - c|x|^2 of the point as it is stored, exactly.
double exact_gap(const Tensor& x, double c) {
  const auto p = oracle::exact<Real>(x);
  return static_cast<double>(Real(1 - Real(c) * oracle::dot(p, p)));
}

TEST(PoincareExpmap0, StaysInsideTheBallInItsOwnDtype) {
  torch::manual_seed(52);
  for (const auto dtype : {torch::kHalf, torch::kBFloat16, torch::kFloat32, torch::kFloat64})
    for (const double c : {0.25, 0.7, 1.0, 4.0})
      for (const int64_t dim : {1, 2, 64, 500})
        for (const double length : {2.0, 5.0, 9.0, 20.0, 200.0, 3e4}) {
          const auto v = (length * testing::random_direction(dim)).to(dtype);
          const auto x = poincare_expmap0(v, c);
          ASSERT_EQ(x.scalar_type(), dtype);
          EXPECT_GT(exact_gap(x, c), 0) << dtype << " " << c << " " << dim << " " << length;
          EXPECT_TRUE(poincare_dist(x, torch::zeros_like(x), c).isfinite().item<bool>());
        }
}

TEST(PoincareExpmap0, TheGradientFarOutIsTheTrueOne) {
  // At |v| = 50 the point is held at the rim, its Jacobian is tanh(t)/t across v and sech^2 t = 0
  // along it.
  const auto v = leaf(torch::tensor({30.0f, 40.0f}));
  poincare_expmap0(v, 1.0).backward(torch::tensor({-0.8f, 0.6f}));
  EXPECT_TRUE(torch::allclose(v.grad(), torch::tensor({-0.016f, 0.012f}), 1e-6, 0)) << v.grad();
  v.mutable_grad() = Tensor();
  poincare_expmap0(v, 1.0).backward(torch::tensor({0.6f, 0.8f}));
  // The float32 rounding of v's direction is left: 6e-8/t.
  EXPECT_LE(v.grad().abs().max().item<double>(), 6e-8 / 50);
}

TEST(PoincareLogmap0, ClosedForms) {
  const auto y = torch::tensor({0.5, 0.0}, torch::kFloat64);
  // To one unit in the last place.
  EXPECT_NEAR(poincare_logmap0(y, 1.0)[0].item<double>(), std::atanh(0.5), 1.2e-16);
  EXPECT_NEAR(poincare_logmap0(y / 2, 4.0)[0].item<double>(), std::atanh(0.5) / 2, 1.2e-16);
  const auto v = torch::tensor({std::atanh(0.5), 0.0}, torch::kFloat64);
  EXPECT_NEAR(poincare_expmap0(v, 1.0)[0].item<double>(), 0.5, 1.2e-16);
}

}  // namespace gyroseg::poincare_radial_test
