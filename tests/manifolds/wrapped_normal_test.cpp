#include "manifolds/wrapped_normal.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include <cmath>
#include <numbers>

#include "manifolds/poincare_operators.h"
#include "support/value_error.h"

namespace gyroseg::wrapped_normal_test {

using torch::Tensor;

Tensor f64(const std::vector<double>& values) { return torch::tensor(values, torch::kFloat64); }

struct Case {
  double c;
  std::vector<double> v, s;  ///< mu = exp0(v)
};

class WrappedNormal : public ::testing::TestWithParam<Case> {
 protected:
  double c = GetParam().c;
  Tensor mu = poincare_expmap0(f64(GetParam().v), c), s = f64(GetParam().s);
};

/// In geodesic polar coordinates around the origin the volume is sinh(sqrt(c) R)/sqrt(c) dR dt: the
/// midpoint rule in R (error h^2/24 f'(0), h = 0.01: 1e-5) and equal steps in t, where the
/// integrand is periodic and smooth. R = 14 leaves out less than 1e-6 of the mass.
TEST_P(WrappedNormal, DensityIntegratesToOne) {
  const int64_t rings = 1400, rays = 720;
  const double height = 0.01, root = std::sqrt(c);
  const auto radius = (torch::arange(rings, torch::kFloat64) + 0.5) * height;
  const auto angle = torch::arange(rays, torch::kFloat64) * (2 * std::numbers::pi / rays);
  const auto ray = torch::stack({torch::cos(angle), torch::sin(angle)}, 1);  // [rays,2]
  const auto z = (torch::tanh(root * radius / 2) / root).view({-1, 1, 1}) * ray;
  const auto density = torch::exp(wrapped_normal_log_density(z, mu, s, c)).sum(1);
  const auto mass =
      (density * torch::sinh(root * radius) / root).sum() * height * (2 * std::numbers::pi / rays);
  EXPECT_NEAR(mass.item<double>(), 1, 1e-4);
}

/// d(mu, z) = |v| and its square is a weighted sum of chi squares: mean sum(s^2).
TEST_P(WrappedNormal, SamplesHaveTheDeviationAsked) {
  auto generator = at::make_generator<at::CPUGeneratorImpl>(7);
  const int64_t n = 200000;
  const auto z = wrapped_normal_sample(mu.expand({n, 2}), s, c, generator);
  const auto expected = s.square().sum().item<double>();
  const auto measured = poincare_dist(z, mu, c).square().mean().item<double>();
  // Standard error of the mean: sqrt(2 sum s^4/n) <= expected sqrt(2/n) = 0.003 expected; 5 of
  // them.
  EXPECT_NEAR(measured, expected, 0.016 * expected);
  // The logarithm of the density has minus the entropy of the wrapped normal as its mean: compared
  // with the density it must give back n log 2 and volumes; E log N = -sum log s - log 2 pi - 1.
  const auto r = poincare_dist(z, mu, c);
  const auto volume = torch::log(torch::sinh(std::sqrt(c) * r) / (std::sqrt(c) * r)).mean();
  const auto gauss = -torch::log(s).sum().item<double>() - std::log(2 * std::numbers::pi) - 1;
  const auto mean = wrapped_normal_log_density(z, mu, s, c).mean().item<double>();
  EXPECT_NEAR(mean, gauss - volume.item<double>(), 0.02);
}

INSTANTIATE_TEST_SUITE_P(Cases, WrappedNormal,
                         ::testing::Values(Case{1.0, {0.0, 0.0}, {1.0, 1.0}},
                                           Case{1.0, {0.8, -0.3}, {0.5, 1.2}},
                                           Case{0.4, {-0.5, 1.0}, {1.0, 0.7}},
                                           Case{2.5, {0.3, 0.3}, {0.3, 0.6}}));

TEST(WrappedNormalSample, FollowsItsGenerator) {
  const auto mu = torch::zeros({5, 3}), s = torch::ones({3});
  const auto draw = [&](uint64_t seed) {
    return wrapped_normal_sample(mu, s, 1.0, at::make_generator<at::CPUGeneratorImpl>(seed));
  };
  EXPECT_TRUE(torch::equal(draw(4), draw(4)));
  EXPECT_FALSE(torch::equal(draw(4), draw(5)));
  EXPECT_EQ(draw(4).scalar_type(), torch::kFloat32);
}

/// At the centre the density is the normal's own; far away log(sinh t/t) = t - log 2t.
TEST(WrappedNormalLogDensity, ClosedForms) {
  const auto origin = torch::zeros({2}, torch::kFloat64), s = torch::ones({2}, torch::kFloat64);
  const double at_0 = -std::log(2 * std::numbers::pi);
  EXPECT_NEAR(wrapped_normal_log_density(origin, origin, s, 1.0).item<double>(), at_0, 1e-15);
  const auto z = poincare_expmap0(f64({5, 0}), 1.0);  // r = 10
  EXPECT_NEAR(wrapped_normal_log_density(z, origin, s, 1.0).item<double>(),
              at_0 - 50 - (10 - std::log(20.0)),
              1e-7);  // r^2/2 = 50, of which coordinates hold 1e-11
  testing::expect_value_error(
      [&] { (void)wrapped_normal_log_density(origin, origin, torch::ones({3}), 1.0); }, "[3]");
}

}  // namespace gyroseg::wrapped_normal_test
