#include "manifolds/nn/linear.h"

#include <gtest/gtest.h>
#include <torch/nn/functional/loss.h>
#include <torch/nn/modules/activation.h>
#include <torch/nn/modules/container/sequential.h>
#include <torch/optim/adam.h>
#include <torch/optim/sgd.h>
#include <torch/serialize.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <cmath>
#include <sstream>
#include <vector>

#include "manifolds/poincare_operators.h"
#include "manifolds/polar_linear.h"
#include "support/value_error.h"

namespace gyroseg::linear_test {

using testing::expect_value_error;
using torch::Tensor;

constexpr auto kF64 = torch::kFloat64;

TEST(PoincareLinear, ShapesAndBothForms) {
  torch::manual_seed(111);
  PoincareLinear layer(5, 3, 0.7);
  layer->to(kF64);
  const auto v = 0.5 * torch::randn({2, 5, 4, 6}, kF64);
  const auto out = layer->forward(v);
  EXPECT_EQ(out.sizes(), (std::vector<int64_t>{2, 3, 4, 6}));
  EXPECT_TRUE(torch::equal(out, polar_linear(v, layer->normals, layer->offsets, 0.7, 1)));
  const auto points = layer->forward_points(poincare_expmap0(v, 0.7, 1));
  // exp0 and log0 at radius 4 at most lose e^4 of a rounding.
  EXPECT_TRUE(torch::allclose(points, poincare_expmap0(out, 0.7, 1), 1e-12, 1e-13));
  EXPECT_EQ(layer->forward(v.flatten(1).slice(1, 0, 5)).sizes(), (std::vector<int64_t>{2, 3}));
}

// The initial layer keeps the radius: |v'|^2 of small v is a sum of K squares of N(0, |v|^2/K).
TEST(PoincareLinear, InitialLayerKeepsTheRadius) {
  torch::manual_seed(112);
  for (const auto& [in, out] :
       std::vector<std::pair<int64_t, int64_t>>{{16, 256}, {256, 256}, {64, 128}}) {
    PoincareLinear layer(in, out, 1.0);
    const auto v = 0.01 * torch::randn({64, in});
    const auto ratio = layer->forward(v).norm(2, 1) / v.norm(2, 1);
    // Its spread is 1/sqrt(2 K) over normals and v of several hundred entries: 5 of them.
    EXPECT_NEAR(ratio.square().mean().sqrt().item<double>(), 1,
                5 / std::sqrt(2.0 * std::min(in, out)));
    EXPECT_EQ(layer->forward(torch::zeros({1, in})).abs().max().item<double>(), 0);
  }
}

TEST(PoincareLinear, LearnsItsParametersAndKeepsThemInAFile) {
  torch::manual_seed(113);
  PoincareLinear layer(5, 3, Curvature::learnable(0.7)), other(5, 3, Curvature::learnable(0.7));
  EXPECT_EQ(layer->parameters().size(), 3u);
  EXPECT_EQ(layer->curvature().value(), 0.7);
  const auto v = torch::randn({6, 5});
  layer->forward(v).pow(3).sum().backward();
  for (const auto& p : layer->named_parameters())
    EXPECT_GT(p.value().grad().abs().max().item<double>(), 0) << p.key();
  torch::optim::SGD optimizer(layer->parameters(), torch::optim::SGDOptions(0.01));
  optimizer.step();
  EXPECT_NE(layer->curvature().value(), 0.7);  // the module trains the curvature that it uses
  std::stringstream file;
  torch::save(layer, file);
  torch::load(other, file);
  EXPECT_TRUE(torch::equal(layer->forward(v), other->forward(v)));
  layer->to(kF64);
  layer->to(torch::kFloat32);
  EXPECT_EQ(layer->forward(v).scalar_type(), torch::kFloat32);
  EXPECT_EQ(PoincareLinear(5, 3, 0.7)->parameters().size(), 2u);
}

// Two layers learn a rule that no hyperplane through the origin's tangent space can express.
TEST(PoincareLinear, TwoLayersLearnExclusiveOr) {
  torch::manual_seed(114);
  torch::nn::Sequential net(PoincareLinear(2, 8, 1.0), torch::nn::Tanh(),
                            PoincareLinear(8, 2, 1.0));
  const auto v =
      torch::tensor({{1.0, 1.0}, {-1.0, -1.0}, {1.0, -1.0}, {-1.0, 1.0}}).to(torch::kFloat32);
  const auto labels = torch::tensor({0, 0, 1, 1}, torch::kInt64);
  torch::optim::Adam optimizer(net->parameters(), torch::optim::AdamOptions(0.02));
  for (int step = 0; step < 300; ++step) {
    optimizer.zero_grad();
    torch::nn::functional::cross_entropy(net->forward(v), labels).backward();
    optimizer.step();
  }
  EXPECT_TRUE(torch::equal(net->forward(v).argmax(1), labels));
}

TEST(PoincareLinear, BadArgumentsShowTheirValue) {
  expect_value_error([] { PoincareLinear layer(0, 3, 1.0); }, "D = 0");
  expect_value_error([] { PoincareLinear layer(3, 0, 1.0); }, "K = 0");
  expect_value_error([] { PoincareLinear layer(3, 3, -2.0); }, "got -2");
  PoincareLinear layer(3, 2, 1.0);
  expect_value_error([&] { (void)layer->forward(torch::ones({5, 4})); }, "[5, 4]");
}

}  // namespace gyroseg::linear_test
