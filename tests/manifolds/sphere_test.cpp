#include "manifolds/sphere.h"

#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <cmath>
#include <numbers>

#include "manifolds/euclidean.h"

namespace gyroseg::sphere_test {

using torch::Tensor;

Tensor f64(const std::vector<double>& values) { return torch::tensor(values, torch::kFloat64); }

TEST(Sphere, CosineDistanceIsHssns) {
  torch::manual_seed(1);
  const Sphere sphere;
  const auto v = torch::randn({50, 7}), w = torch::randn({50, 7});
  const auto expected = 1 - torch::cosine_similarity(v, w, 1);
  EXPECT_TRUE(torch::allclose(sphere.tangent_dist(v, w), expected, 1e-5, 3e-7));
  const auto zero = torch::zeros({7});
  EXPECT_EQ(sphere.tangent_dist(zero, v[0]).item<float>(), 1);  // HSSN: 1 - <0, wh>
  EXPECT_EQ(sphere.tangent_dist(zero, zero).item<float>(), 0);
}

TEST(Sphere, NearPairsKeepTheirDigits) {
  for (const double angle : {1e-3, 1e-5, 1e-7}) {  // float32 inputs; 1 - cos = 2 sin^2(angle/2)
    const auto v = torch::tensor({1.0f, 0.0f}),
               w = torch::tensor({1.0f, static_cast<float>(angle)});
    const double exact = 2 * std::pow(std::sin(std::atan(w[1].item<double>()) / 2), 2);
    EXPECT_NEAR(Sphere().tangent_dist(v, w).item<double>() / exact, 1, 1e-7);
    EXPECT_NEAR(Sphere(Sphere::Distance::geodesic).tangent_dist(v, w).item<double>() /
                    std::atan(w[1].item<double>()),
                1, 1e-7);
  }
}

TEST(Sphere, GeodesicDistanceIsRightAtBothEnds) {
  const Sphere sphere;
  const auto at = [](double angle) { return f64({std::cos(angle), std::sin(angle)}); };
  const auto east = f64({1, 0});
  for (const double angle : {1e-12, 1e-6, 0.1, 1.0, 3.0})
    EXPECT_NEAR(sphere.dist(east, at(angle)).item<double>() / angle, 1, 1e-12);
  for (const double rest : {1e-12, 1e-6, 0.1}) {  // acos would lose half of the digits of the rest
    const auto west = f64({-std::cos(rest), std::sin(rest)});
    EXPECT_NEAR(sphere.dist(east, west).item<double>(), std::numbers::pi - rest, 1e-15);
  }
  EXPECT_EQ(sphere.dist(east, -east).item<double>(), std::numbers::pi);
}

TEST(Sphere, NothingIsNanAtTheAntipode) {
  const Sphere sphere;
  const auto x = f64({0.6, 0.8}).requires_grad_(true), y = f64({-0.6, -0.8});
  const auto v = f64({0.8, -0.6});
  for (const auto& value : {sphere.dist(x, y).view({1}), sphere.sqdist(x, y).view({1}),
                            sphere.logmap(x, y), sphere.transport(x, y, v)}) {
    EXPECT_TRUE(value.isfinite().all().item<bool>());
    const auto g = torch::autograd::grad({value.sum()}, {x}, {}, true, false, true)[0];
    EXPECT_TRUE(g.isfinite().all().item<bool>()) << value << g;
  }
  EXPECT_TRUE(torch::equal(sphere.logmap(x, y), torch::zeros({2}, torch::kFloat64)));
  EXPECT_TRUE(torch::equal(sphere.transport(x, y, v), v));
}

TEST(Sphere, LogitsAreTheTwinOnUnitVectors) {
  torch::manual_seed(2);
  const auto v = torch::randn({2, 5, 3, 4}), z = torch::randn({7, 5}), r = torch::randn({7});
  const auto logits = Sphere().logits(v, z, r, 1);
  ASSERT_EQ(logits.sizes(), (std::vector<int64_t>{2, 7, 3, 4}));
  const auto unit = v / v.norm(2, 1, true);
  EXPECT_TRUE(torch::allclose(logits, Euclidean().logits(unit, z, r, 1), 1e-5, 1e-5));
  EXPECT_TRUE(torch::allclose(Sphere().logits(3 * v, z, r, 1), logits, 1e-5, 1e-5));
}

}  // namespace gyroseg::sphere_test
