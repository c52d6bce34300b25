#include "manifolds/nn/prototype_classifier.h"

#include <gtest/gtest.h>
#include <torch/nn/functional/loss.h>
#include <torch/serialize.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <cmath>
#include <sstream>
#include <vector>

#include "manifolds/poincare_operators.h"
#include "support/gradient_check.h"
#include "support/point_problems.h"
#include "support/value_error.h"

namespace gyroseg::prototype_classifier_test {

using testing::curved_spaces;
using testing::expect_value_error;
using testing::gradient_error;
using torch::Tensor;

constexpr auto kF64 = torch::kFloat64;

// d(0, (1/2, 0)) = ln 3 at c = 1; the prototype is given in ball coordinates by its logarithm.
TEST(PrototypeClassifier, ClosedForm) {
  const auto ball = make_manifold("poincare", 1.0);
  const auto p = torch::tensor({{0.5, 0.0}, {0.0, 0.0}}, kF64);
  PrototypeOptions options;
  options.temperature.initial = 0.5;
  options.learn = false;
  PrototypeClassifier head(poincare_logmap0(p, 1.0), ball, options);
  EXPECT_TRUE(head->parameters().empty());
  EXPECT_EQ(head->buffers().size(), 1u);
  const auto scores = head->forward(torch::zeros({1, 2}, kF64));
  const auto expected = torch::tensor({{-2 * std::log(3.0), 0.0}}, kF64);
  EXPECT_TRUE(torch::allclose(scores, expected, 1e-15, 0));
  EXPECT_TRUE(
      torch::allclose(head->forward_points(torch::zeros({1, 2}, kF64)), expected, 1e-15, 0));
}

TEST(PrototypeClassifier, BothFormsAgreeInEveryLayout) {
  auto spaces = curved_spaces();
  spaces.push_back(make_manifold("euclidean", 1.0));
  for (const auto& space : spaces) {
    torch::manual_seed(101);
    PrototypeClassifier head(3, 5, space);
    head->to(kF64);
    const auto v = torch::randn({2, 3, 9, 8}, kF64);
    const auto scores = head->forward(v);
    EXPECT_EQ(scores.sizes(), (std::vector<int64_t>{2, 5, 9, 8}));
    const auto rows = head->forward(v.movedim(1, -1).reshape({-1, 3}));
    EXPECT_TRUE(torch::allclose(scores.movedim(1, -1).reshape({-1, 5}), rows, 1e-13, 0));
    const auto points = head->forward_points(space->embed(v, 1));
    EXPECT_EQ(points.sizes(), scores.sizes());
    // Points lose e^R of rounding at radius R; these are within radius 8, and most near 3.
    EXPECT_TRUE(torch::allclose(points, scores, 1e-11, 1e-11)) << space->kind();
  }
}

// Contract 1 reaches the classifier: in float32 at hyperbolic radius 160, near prototypes included.
TEST(PrototypeClassifier, AnyRadius) {
  const auto ball = make_manifold("poincare", 1.0);
  PrototypeOptions options;
  options.learn = false;
  PrototypeClassifier head(torch::tensor({{80.0f, 0.0f}, {-80.0f, 0.0f}, {79.0f, 0.0f}}), ball,
                           options);
  const auto scores = head->forward(torch::tensor({{80.0f, 0.0f}}));
  EXPECT_TRUE(torch::equal(scores, torch::tensor({{-0.0f, -320.0f, -2.0f}})));
}

// float32 takes float64 points where those carry its digits (radius 8 here), float64 the polar form:
// two ways to one score and one gradient.
TEST(PrototypeClassifier, NearAndFarFormsAgree) {
  torch::manual_seed(104);
  for (const double c : {0.25, 1.0, 4.0}) {
    const auto w = torch::randn({5, 3}), near = torch::randn({2, 3, 9, 8});
    const auto g = torch::randn({2, 5, 9, 8});
    const auto longest =
        std::max(near.norm(2, 1).max().item<double>(), w.norm(2, 1).max().item<double>());
    const auto scale = 4 / (std::sqrt(c) * longest);
    const auto run = [&](torch::Dtype dtype) {
      PrototypeClassifier head((scale * w).to(dtype), make_manifold("poincare", c));
      const auto v = (scale * near).to(dtype).requires_grad_(true);
      const auto scores = head->forward(v);
      (scores * g.to(dtype)).sum().backward();
      return std::vector<Tensor>{scores.detach(), v.grad(), head->prototypes.grad()};
    };
    const auto f32 = run(torch::kFloat32), f64 = run(kF64);
    for (size_t i = 0; i < f32.size(); ++i) {
      const double size = f64[i].abs().max().item<double>();
      // Roundings of float32 inputs and results; sums of 720 pixels in the last.
      EXPECT_LT((f32[i] - f64[i]).abs().max().item<double>(), 2e-6 * size) << c << " " << i;
    }
  }
}

TEST(PrototypeClassifier, GradientsMatchDifferences) {
  for (const char* kind : {"euclidean", "poincare"}) {
    torch::manual_seed(102);
    PrototypeOptions options;
    options.temperature.learn = true;
    PrototypeClassifier head(3, 4, make_manifold(kind, 0.7), options);
    head->to(kF64);
    const auto v = torch::randn({5, 3}, kF64), g = torch::randn({5, 4}, kF64);
    const auto w = head->prototypes;
    for (const bool points : {false, true}) {
      const auto loss = [&](const Tensor& x) {
        const auto scores =
            points ? head->forward_points(head->manifold().embed(x)) : head->forward(x);
        return (scores * g).sum();
      };
      // Central differences lose 1e-11 / 1e-5.
      EXPECT_LT(gradient_error(loss, v), 1e-7) << kind;
      EXPECT_LT(gradient_error(
                    [&](const Tensor& x) {
                      head->prototypes = x;
                      return loss(v);
                    },
                    w),
                1e-7);
      head->prototypes = w;
    }
  }
  const auto v = torch::randn({5, 3}, kF64), w = torch::randn({4, 3}, kF64);
  const auto by_c = [&](const Tensor& c) {
    PrototypeClassifier head(w, make_manifold("poincare", c));
    return head->forward(v).sum();
  };
  EXPECT_LT(gradient_error(by_c, torch::scalar_tensor(0.7, kF64)), 1e-7);
}

TEST(PrototypeClassifier, LearnsItsParametersAndKeepsThemInAFile) {
  torch::manual_seed(103);
  PrototypeOptions options;
  options.temperature.learn = true;
  const auto make = [&] {
    return PrototypeClassifier(3, 4, make_manifold("poincare", Curvature::learnable(0.7)), options);
  };
  auto head = make(), other = make();
  EXPECT_EQ(head->parameters().size(), 3u);
  const auto v = torch::randn({5, 3});
  torch::nn::functional::cross_entropy(head->forward(v), torch::arange(5).remainder(4)).backward();
  for (const auto& p : head->named_parameters())
    EXPECT_GT(p.value().grad().abs().max().item<double>(), 0) << p.key();
  std::stringstream file;
  torch::save(head, file);
  torch::load(other, file);
  EXPECT_TRUE(torch::equal(head->forward(v), other->forward(v)));
}

TEST(PrototypeClassifier, BadArgumentsShowTheirValue) {
  const auto ball = make_manifold("poincare", 1.0);
  expect_value_error([&] { PrototypeClassifier head(0, 3, ball); }, "D = 0");
  expect_value_error([&] { PrototypeClassifier head(3, 0, ball); }, "K = 0");
  expect_value_error([&] { PrototypeClassifier head(3, 3, nullptr); }, "null");
  expect_value_error([&] { PrototypeClassifier head(torch::ones({3}), ball); }, "[3]");
  expect_value_error([&] { PrototypeClassifier head(torch::ones({3, 2}, torch::kInt64), ball); },
                     "Long");
  expect_value_error([&] { PrototypeClassifier head(torch::full({3, 2}, NAN), ball); }, "got 6");
  PrototypeOptions options;
  options.temperature.initial = -1;
  expect_value_error([&] { PrototypeClassifier head(3, 3, ball, options); }, "got -1");
  PrototypeClassifier head(3, 3, ball);
  expect_value_error([&] { (void)head->forward(torch::ones({2, 4, 5, 5})); }, "[2, 4, 5, 5]");
  expect_value_error([&] { (void)head->forward_points(torch::ones({2, 4})); }, "[2, 4]");
}

}  // namespace gyroseg::prototype_classifier_test
