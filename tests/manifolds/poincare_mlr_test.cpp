// Ganea's class scores against their definition by a Moebius sum in long decimals, the fused loops
// against the composite, layouts, and what holds at a = 0.

#include <ATen/Parallel.h>
#include <gtest/gtest.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <array>
#include <cmath>
#include <ostream>
#include <string>
#include <vector>

#include "ball_regimes.h"
#include "manifolds/kernels/mlr_kernels.h"
#include "manifolds/poincare_operators.h"
#include "support/ball_oracle.h"
#include "support/gradient_check.h"
#include "support/value_error.h"

namespace gyroseg::poincare_mlr_test {

using oracle::Real;
using testing::expect_value_error;
using testing::leaf;
using torch::Tensor;

/// N points with sqrt(c)|x| = norm.
Tensor points_at(double norm, double c, int64_t n, int64_t d, torch::Dtype dtype) {
  const auto x = torch::randn({n, d}, torch::kFloat64);
  return (norm / std::sqrt(c) * x / x.norm(2, 1, true)).to(dtype);
}

struct Case {
  torch::Dtype dtype;
  double c;
};

void PrintTo(const Case& x, std::ostream* out) { *out << x.dtype << " c=" << x.c; }

class GaneaLogits : public ::testing::TestWithParam<Case> {
 protected:
  void SetUp() override { torch::manual_seed(101); }
};

TEST_P(GaneaLogits, AreRightToTheRoundingOfOneFloat64Product) {
  const auto [dtype, c] = GetParam();
  auto norms = testing::contract_norms(dtype);
  for (const double norm : norms) {
    SCOPED_TRACE("1 - norm = " + std::to_string(1 - norm));
    const auto x = points_at(norm, c, 6, 7, dtype);
    const auto p = points_at(0.8, c, 4, 7, dtype),
               a = torch::randn({4, 7}, torch::kFloat64).to(dtype);
    const auto logits = poincare_mlr(x, p, a, c);
    ASSERT_EQ(logits.scalar_type(), dtype);
    for (int64_t n = 0; n < 6; ++n) {
      const auto point = oracle::exact<Real>(x[n]);
      const double lambda =
          static_cast<double>(Real(2 / (1 - Real(c) * oracle::dot(point, point))));
      for (int64_t k = 0; k < 4; ++k) {
        const auto expected = static_cast<double>(oracle::ganea_logit(
            point, oracle::exact<Real>(p[k]), oracle::exact<Real>(a[k]), Real(c)));
        // B15: the product <x,w> has an error of a few 1e-16 |x||w|, which lambda_x multiplies and
        // asinh divides by cosh; |w| < 1 + 2 c q |p| < 6 and the prefactor is 5.6 |a|/sqrt c here.
        const double prefactor = 2 / (1 - 0.64) * a[k].norm().item<double>() / std::sqrt(c);
        const double product = 5e-15 * lambda / std::cosh(expected / prefactor);
        EXPECT_NEAR(
            logits[n][k].item<double>(), expected,
            testing::contract_bounds(dtype).value * std::abs(expected) + prefactor * product);
      }
    }
  }
}

TEST_P(GaneaLogits, HaveTheGradientsOfTheDefinition) {
  const auto [dtype, c_value] = GetParam();
  for (const double norm : {1e-3, 0.5, 0.99}) {
    SCOPED_TRACE("norm = " + std::to_string(norm));
    const auto x = leaf(points_at(norm, c_value, 1, 4, dtype)[0]);
    const auto p = leaf(points_at(0.6, c_value, 1, 4, dtype)),
               curvature = testing::curvature_leaf(c_value);
    const auto a = leaf(torch::randn({1, 4}, torch::kFloat64).to(dtype));
    poincare_mlr(x, p, a, curvature).sum().backward();
    const auto ex = oracle::exact<Real>(x), ep = oracle::exact<Real>(p),
               ea = oracle::exact<Real>(a);
    const Real c = c_value;
    const auto by_x =
        oracle::gradient([&](const auto& t) { return oracle::ganea_logit(t, ep, ea, c); }, ex);
    const auto by_p =
        oracle::gradient([&](const auto& t) { return oracle::ganea_logit(ex, t, ea, c); }, ep);
    const auto by_a =
        oracle::gradient([&](const auto& t) { return oracle::ganea_logit(ex, ep, t, c); }, ea);
    const auto by_c =
        oracle::derivative([&](const Real& t) { return oracle::ganea_logit(ex, ep, ea, t); }, c);
    const double bound = testing::contract_bounds(dtype).gradient;
    EXPECT_LE(oracle::relative_error(x.grad(), by_x), bound);
    EXPECT_LE(oracle::relative_error(p.grad().view({4}), by_p), bound);
    EXPECT_LE(oracle::relative_error(a.grad().view({4}), by_a), bound);
    EXPECT_LE(oracle::relative_error(curvature.grad().view({1}), by_c), bound);
  }
}

INSTANTIATE_TEST_SUITE_P(Regimes, GaneaLogits,
                         ::testing::Values(Case{torch::kFloat32, 0.25}, Case{torch::kFloat32, 1.0},
                                           Case{torch::kFloat32, 4.0}, Case{torch::kFloat64, 0.25},
                                           Case{torch::kFloat64, 1.0}, Case{torch::kFloat64, 4.0}));

/// Blocks are 128 points, 6 or 3 rows of a product and 8 or 16 lanes; 48 classes are held at a time.
TEST(PoincareMlr, OddSizesAndLayoutsEqualTheComposite) {
  torch::manual_seed(102);
  const auto c = torch::scalar_tensor(0.7, torch::kFloat64);
  for (const auto dtype : {torch::kFloat32, torch::kFloat64})
    for (const auto& [n, d, k] : std::vector<std::array<int64_t, 3>>{
             {1, 1, 1}, {255, 3, 7}, {257, 17, 21}, {128, 64, 6}, {6, 5, 1}, {130, 16, 52}}) {
      SCOPED_TRACE(std::to_string(n) + " x " + std::to_string(d) + " x " + std::to_string(k));
      const auto x = points_at(0.7, 0.7, n, d, dtype), p = points_at(0.5, 0.7, k, d, dtype);
      const auto a = torch::randn({k, d}, torch::kFloat64).to(dtype);
      const auto grad = torch::randn({n, k}, torch::kFloat64).to(dtype);
      // Sums in another order, then one rounding to the dtype; relative to the largest entry.
      const double tolerance = dtype == torch::kFloat32 ? 1.3e-7 : 1e-12;
      const auto close = [&](const Tensor& u, const Tensor& w) {
        return torch::allclose(u.to(torch::kFloat64), w.to(torch::kFloat64), tolerance,
                               tolerance * w.abs().max().item<double>());
      };
      const auto logits = detail::poincare_mlr_cpu.forward(x, p, a, c, 1);
      EXPECT_TRUE(close(logits, detail::poincare_mlr_composite.forward(x, p, a, c, 1)));
      const detail::MlrMask all{true, true, true, true};
      const auto fused = detail::poincare_mlr_cpu.backward(grad, x, logits, p, a, c, 1, all);
      const auto composite = detail::poincare_mlr_composite.backward(grad, x, logits, p, a, c, 1, all);
      EXPECT_TRUE(close(fused.points, composite.points));
      EXPECT_TRUE(close(fused.first, composite.first));
      // By a and c: sums of terms of both signs, of logits and products rounded to float32, against
      // the sum of terms of one sign.
      const auto aligned = grad.abs() * logits.sign();
      const auto scale = detail::poincare_mlr_composite.backward(aligned, x, logits, p, a, c, 1, all);
      EXPECT_LE((fused.second - composite.second).abs().max().item<double>(),
                tolerance * scale.second.abs().max().item<double>());
      EXPECT_LE((fused.c - composite.c).abs().item<double>(),
                5 * tolerance * (1 + scale.c.abs().item<double>()));
      const auto pixels = x.t().reshape({1, d, 1, n}).contiguous();
      for (const Tensor& image : {pixels, pixels.contiguous(torch::MemoryFormat::ChannelsLast)})
        EXPECT_TRUE(close(poincare_mlr(image, p, a, c, 1).squeeze(2).squeeze(0).t(), logits));
    }
}

TEST(PoincareMlr, DoesNotDependOnTheNumberOfThreads) {
  torch::manual_seed(106);
  const auto points = points_at(0.7, 1, 5000, 9, torch::kFloat32);
  const auto prototypes = points_at(0.5, 1, 7, 9, torch::kFloat32), normals = torch::randn({7, 9});
  const auto run = [&] {
    const auto x = leaf(points), p = leaf(prototypes), a = leaf(normals);
    const auto c = testing::curvature_leaf(1.0), logits = poincare_mlr(x, p, a, c);
    logits.square().sum().backward();
    return std::vector<Tensor>{logits, x.grad(), p.grad(), a.grad(), c.grad()};
  };
  const int before = at::get_num_threads();
  at::set_num_threads(1);
  const auto one = run();
  at::set_num_threads(2);
  const auto two = run();
  at::set_num_threads(before);
  for (size_t i = 0; i < one.size(); ++i) EXPECT_TRUE(torch::equal(one[i], two[i])) << i;
}

TEST(PoincareMlr, GradientsMatchCentralDifferences) {
  torch::manual_seed(103);
  const std::vector<Tensor> arguments = {
      points_at(0.7, 0.7, 5, 3, torch::kFloat64), points_at(0.5, 0.7, 4, 3, torch::kFloat64),
      torch::randn({4, 3}, torch::kFloat64), torch::scalar_tensor(0.7, torch::kFloat64)};
  const auto weight = torch::randn({5, 4}, torch::kFloat64);
  for (size_t i = 0; i < arguments.size(); ++i) {
    const auto f = [&](const Tensor& t) {
      auto a = arguments;
      a[i] = t;
      return (poincare_mlr(a[0], a[1], a[2], a[3]) * weight).sum();
    };
    EXPECT_LT(testing::gradient_error(f, arguments[i]), 1e-8) << "argument " << i;
  }
}

TEST(PoincareMlr, DegenerateClassesAndPoints) {
  torch::manual_seed(104);
  const auto x = leaf(points_at(0.5, 1, 3, 4, torch::kFloat32));
  const auto p = leaf(points_at(0.5, 1, 2, 4, torch::kFloat32)), a = leaf(torch::zeros({2, 4}));
  const auto c = testing::curvature_leaf(1.0);
  const auto zero = poincare_mlr(x, p, a, c);
  zero.sum().backward();  // a = 0: value 0, gradients 0 by convention
  EXPECT_TRUE(torch::equal(zero, torch::zeros({3, 2})));
  for (const Tensor& t : {x, p, a, c}) EXPECT_EQ(t.grad().abs().max().item<double>(), 0);
  // A point on its hyperplane: x = p has logit 0 and, finite, the gradient lambda_p^2 a.
  const auto q = torch::tensor({{0.5, 0.0}}, torch::kFloat64), normal = torch::ones_like(q);
  const auto at = leaf(q);
  const auto logit = poincare_mlr(at, q, normal, 1.0);
  logit.sum().backward();
  EXPECT_NEAR(logit.item<double>(), 0, 1e-15);
  const double lambda = 2 / (1 - 0.25);
  EXPECT_TRUE(torch::allclose(at.grad(), lambda * lambda * normal, 1e-14, 0));
  // Outside the ball: NaN in its own point; a prototype outside: NaN in its own class.
  const auto outside = torch::tensor({{2.0, 0.0}, {0.1, 0.0}}, torch::kFloat64);
  const auto both = poincare_mlr(outside, torch::stack({q[0], outside[0]}), outside, 1.0);
  EXPECT_TRUE(both.isfinite().equal(torch::tensor({{false, false}, {true, false}})));
}

TEST(PoincareMlr, TendsToFourTimesTheEuclideanLogit) {
  torch::manual_seed(105);
  const auto x = torch::randn({9, 5}, torch::kFloat64), p = torch::randn({3, 5}, torch::kFloat64);
  const auto a = torch::randn({3, 5}, torch::kFloat64);
  const auto flat = 4 * (x.matmul(a.t()) - (p * a).sum(1));
  EXPECT_TRUE(torch::allclose(poincare_mlr(x, p, a, 1e-12), flat, 1e-10, 1e-9));  // of order c|x|^2
}

TEST(PoincareMlr, BadArgumentsShowTheirValue) {
  const auto x = torch::zeros({2, 3}), p = torch::zeros({4, 3}), a = torch::ones({4, 3});
  expect_value_error([&] { (void)poincare_mlr(x, torch::zeros({4, 2}), a, 1.0); }, "[4, 2]");
  expect_value_error([&] { (void)poincare_mlr(x, p, torch::ones({5, 3}), 1.0); }, "[5, 3]");
  expect_value_error([&] { (void)poincare_mlr(x, p.to(torch::kInt64), a, 1.0); }, "Long");
  expect_value_error([&] { (void)poincare_mlr(x, p, a, torch::tensor(-2.0)); }, "got -2");
  expect_value_error([&] { (void)poincare_mlr(x, p, a, 1.0, 2); }, "dim 2");
}

}  // namespace gyroseg::poincare_mlr_test
