#include "manifolds/clip_features.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include <cmath>

#include "support/value_error.h"

namespace gyroseg::clip_features_test {

TEST(ClipFeatures, KeepsShortVectorsAndShortensLongOnes) {
  const auto v = torch::tensor({{3.0f, 4.0f}, {0.3f, 0.4f}, {0.0f, 0.0f}});
  const auto clipped = clip_features(v, 2.0);
  EXPECT_TRUE(torch::equal(clipped[0], torch::tensor({1.2f, 1.6f})));  // 2/5 of it
  EXPECT_TRUE(torch::equal(clipped.narrow(0, 1, 2), v.narrow(0, 1, 2)));
  EXPECT_TRUE(torch::equal(clip_features(v.t(), 2.0, 0), clipped.t()));
}

TEST(ClipFeatures, GradientsAreExact) {
  const auto v = torch::tensor({{3.0, 4.0}, {0.3, 0.4}, {0.0, 0.0}}, torch::kFloat64);
  const auto leaf = v.clone().requires_grad_(true);
  clip_features(leaf, 2.0).select(1, 0).sum().backward();
  // (r/|v|)(I - vh vh^T) e_1 = 0.4 (1 - 0.36, -0.48) for the long vector, e_1 for the others.
  const auto expected = torch::tensor({{0.256, -0.192}, {1.0, 0.0}, {1.0, 0.0}}, torch::kFloat64);
  EXPECT_TRUE(torch::allclose(leaf.grad(), expected, 1e-14, 1e-15));
}

TEST(ClipFeatures, RefusesBadRadii) {
  const auto v = torch::ones({2, 2});
  testing::expect_value_error([&] { (void)clip_features(v, 0.0); }, "got 0");
  testing::expect_value_error([&] { (void)clip_features(v, NAN); }, "got nan");
  testing::expect_value_error([&] { (void)clip_features(v.to(torch::kInt64)); }, "Long");
}

}  // namespace gyroseg::clip_features_test
