#include "manifolds/horo_pca.h"

#include <gtest/gtest.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <cmath>

#include "manifolds/manifold.h"
#include "manifolds/poincare_operators.h"
#include "support/value_error.h"

namespace gyroseg::horo_pca_test {

using testing::expect_value_error;
using torch::Tensor;

constexpr auto kF64 = torch::kFloat64;

double largest_gap(const Tensor& a, const Tensor& b) { return (a - b).abs().max().item<double>(); }

Tensor random_rotation(std::int64_t dim) {
  return std::get<0>(at::linalg_qr(torch::randn({dim, dim}, kF64)));
}

// Busemann function of the ball with c = 1, as the paper writes it: ln(|q - x|^2 / (1 - |x|^2)).
Tensor busemann_by_definition(const Tensor& x, const Tensor& q) {
  return ((x - q).square().sum(-1) / (1 - x.square().sum(-1))).log();
}

class HoroPcaCurvatures : public ::testing::TestWithParam<double> {};

// A plane of the 5-ball, moved off the origin by an isometry.
TEST_P(HoroPcaCurvatures, PointsOfAPlaneKeepAllDistances) {
  const double c = GetParam();
  torch::manual_seed(1);
  const auto ball = make_manifold("poincare", c);
  const Tensor flat = torch::cat({1.2 * torch::randn({60, 2}, kF64), torch::zeros({60, 3}, kF64)}, 1) /
                      std::sqrt(c);
  const Tensor off = ball->embed(0.5 * torch::randn({1, 5}, kF64) / std::sqrt(c));
  const Tensor x = poincare_mobius_add(off, ball->embed(flat.matmul(random_rotation(5))), c);
  const HoroPca pca = horo_pca(x, c);
  const Tensor z = horo_project(pca, x, c);
  EXPECT_EQ(z.size(1), 2);
  EXPECT_LT(largest_gap(ball->cdist(z, z), ball->cdist(x, x)), 1e-6);
  EXPECT_NEAR(pca.explained, 1, 1e-9);
}

INSTANTIATE_TEST_SUITE_P(Curvatures, HoroPcaCurvatures, ::testing::Values(0.25, 1.0, 4.0));

TEST(HoroPca, ProjectedPointsHaveTheBusemannCoordinatesOfThePoints) {
  torch::manual_seed(2);
  const auto ball = make_manifold("poincare", 1.0);
  const Tensor x = ball->embed(torch::randn({80, 6}, kF64));
  const HoroPca pca = horo_pca(x, 1.0, {.base = torch::zeros({6}, kF64)});
  EXPECT_LT(largest_gap(pca.directions.matmul(pca.directions.t()), torch::eye(2, kF64)), 1e-12);
  const Tensor z = horo_project(pca, x, 1.0);
  const Tensor axes = torch::eye(2, kF64);
  for (int k = 0; k < 2; ++k) {
    EXPECT_LT(largest_gap(busemann_by_definition(z, axes[k]), busemann_by_definition(x, pca.directions[k])), 1e-9);
  }
  EXPECT_LT(pca.explained, 1);
}

TEST(HoroPca, TheFirstDirectionIsBetterThanTwoThousandRandomOnes) {
  torch::manual_seed(3);
  const auto ball = make_manifold("poincare", 1.0);
  const Tensor x = ball->embed(torch::randn({50, 3}, kF64) * torch::tensor({0.9, 0.7, 0.8}, kF64) +
                               torch::tensor({0.3, 0.0, -0.2}, kF64));
  const Tensor base = torch::zeros({3}, kF64);
  const HoroPca pca = horo_pca(x, 1.0, {.base = base});
  const auto variance = [&](const Tensor& q) {
    return busemann_by_definition(x, q).var(false).item<double>();
  };
  const double found = variance(pca.directions[0]);
  for (const Tensor& q : torch::randn({2000, 3}, kF64).unbind(0)) {
    ASSERT_LE(variance(q / q.norm()), found * (1 + 1e-6));
  }
}

TEST(HoroPca, RotatedPointsHaveTheSamePicture) {
  torch::manual_seed(4);
  const auto ball = make_manifold("poincare", 1.0);
  const Tensor x = ball->embed(torch::randn({70, 5}, kF64) * torch::tensor({1.0, 0.7, 0.5, 0.3, 0.1}, kF64));
  const Tensor rotation = random_rotation(5);
  const Tensor turned = x.matmul(rotation);
  const HoroPca a = horo_pca(x, 1.0), b = horo_pca(turned, 1.0);
  EXPECT_LT(largest_gap(a.directions.matmul(rotation), b.directions), 1e-6);
  EXPECT_LT(largest_gap(horo_project(a, x, 1.0), horo_project(b, turned, 1.0)), 1e-6);
}

TEST(HoroPca, CurvatureOnlyScalesThePicture) {
  torch::manual_seed(5);
  const Tensor x = make_manifold("poincare", 1.0)->embed(torch::randn({40, 4}, kF64));
  const HoroPca one = horo_pca(x, 1.0), four = horo_pca(x / 2, 4.0);
  EXPECT_LT(largest_gap(horo_project(one, x, 1.0) / 2, horo_project(four, x / 2, 4.0)), 1e-8);
  EXPECT_NEAR(one.explained, four.explained, 1e-9);
}

TEST(HoroPca, FarPointsCoincidingPointsAndTheBaseStayFinite) {
  const auto ball = make_manifold("poincare", 1.0);
  const Tensor v = torch::tensor({{0., 0., 0.}, {0., 0., 0.}, {15., 0., 1.}, {0., 15., 0.}, {-9., 9., 9.}}, kF64);
  const Tensor x = ball->embed(v);
  const HoroPca pca = horo_pca(x, 1.0, {.base = torch::zeros({3}, kF64)});
  const Tensor z = horo_project(pca, x, 1.0);
  EXPECT_TRUE(z.isfinite().all().item<bool>());
  EXPECT_LT(z.square().sum(-1).max().item<double>(), 1);
  EXPECT_LT(z[0].abs().max().item<double>(), 1e-12);
  const Tensor same = torch::full({4, 3}, 0.1, kF64);
  EXPECT_LT(horo_project(horo_pca(same, 1.0), same, 1.0).abs().max().item<double>(), 1e-9);
}

TEST(HoroPca, WrongArgumentsAreNamed) {
  const Tensor x = torch::zeros({4, 3}, kF64);
  expect_value_error([&] { (void)horo_pca(x, 0.0); }, "curvature parameter c");
  expect_value_error([&] { (void)horo_pca(x.slice(1, 0, 1), 1.0); }, "D >= 2");
  expect_value_error([&] { (void)horo_pca(x, 1.0, {.base = torch::zeros({2})}); }, "base must be [3]");
  expect_value_error([&] { (void)horo_pca(x, 1.0, {.steps = 0}); }, "at least 1");
}

}  // namespace gyroseg::horo_pca_test
