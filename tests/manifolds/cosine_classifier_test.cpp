#include "manifolds/nn/cosine_classifier.h"

#include <gtest/gtest.h>
#include <torch/serialize.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <sstream>
#include <vector>

#include "support/gradient_check.h"
#include "support/value_error.h"

namespace gyroseg::cosine_classifier_test {

using testing::expect_value_error;
using testing::gradient_error;
using torch::Tensor;

constexpr auto kF64 = torch::kFloat64;

TEST(CosineClassifier, ClosedForm) {
  CosineClassifier head(2, 3, TemperatureOptions{.initial = 0.5});
  head->to(kF64);
  head->directions = torch::tensor({{3.0, 0.0}, {0.0, -2.0}, {3.0, 4.0}}, kF64);
  const auto v = torch::tensor({{5.0, 0.0}, {3.0, 4.0}}, kF64);
  const auto expected = torch::tensor({{2.0, 0.0, 1.2}, {1.2, -1.6, 2.0}}, kF64);
  EXPECT_TRUE(torch::allclose(head->forward(v), expected, 1e-15, 1e-15));  // one rounding each
}

TEST(CosineClassifier, AgreesWithTorchsCosine) {
  torch::manual_seed(91);
  CosineClassifier head(5, 4);
  const auto v = torch::randn({2, 5, 3, 6});
  const auto expected =
      torch::cosine_similarity(v.unsqueeze(1), head->directions.view({1, 4, 5, 1, 1}), 2) / 0.1;
  const auto scores = head->forward(v);
  EXPECT_TRUE(torch::allclose(scores, expected, 0, 5e-6));  // 10 times a few roundings of 1
  const auto rows = head->forward(v.movedim(1, -1).reshape({-1, 5}));
  EXPECT_TRUE(torch::allclose(scores.movedim(1, -1).reshape({-1, 4}), rows, 0, 5e-6));
  EXPECT_TRUE(torch::allclose(head->directions.norm(2, 1), torch::ones({4})));
  EXPECT_EQ(head->forward(torch::randn({2, 5, 7})).sizes(), (std::vector<int64_t>{2, 4, 7}));
}

TEST(CosineClassifier, GradientsMatchDifferencesAndVanishAtZero) {
  torch::manual_seed(92);
  CosineClassifier head(3, 4, TemperatureOptions{.initial = 0.3, .learn = true});
  head->to(kF64);
  const auto v = torch::randn({5, 3}, kF64), g = torch::randn({5, 4}, kF64), w = head->directions;
  // Central differences lose 1e-11 / 1e-5.
  EXPECT_LT(gradient_error([&](const Tensor& x) { return (head->forward(x) * g).sum(); }, v), 1e-8);
  EXPECT_LT(gradient_error(
                [&](const Tensor& x) {
                  head->directions = x;
                  return (head->forward(v) * g).sum();
                },
                w),
            1e-8);
  head->directions = w;
  // d/dt of s e^-t is -s.
  const auto scores = head->forward(v);
  (scores * g).sum().backward();
  EXPECT_NEAR(head->named_parameters()["temperature"].grad().item<double>(),
              -(scores * g).sum().item<double>(), 1e-13);
  EXPECT_EQ(head->parameters().size(), 2u);

  const auto zero = torch::zeros({1, 3}, kF64).requires_grad_(true);
  const auto none = head->forward(zero);
  none.sum().backward();
  EXPECT_EQ(none.abs().max().item<double>(), 0);
  EXPECT_EQ(zero.grad().abs().max().item<double>(), 0);
}

TEST(CosineClassifier, KeepsItsStateInAFile) {
  torch::manual_seed(93);
  CosineClassifier head(3, 4, TemperatureOptions{.learn = true}),
      other(3, 4, TemperatureOptions{.learn = true});
  {
    const torch::NoGradGuard no_grad;
    head->named_parameters()["temperature"].fill_(0.7);
  }
  std::stringstream file;
  torch::save(head, file);
  torch::load(other, file);
  const auto v = torch::randn({5, 3});
  EXPECT_TRUE(torch::equal(head->forward(v), other->forward(v)));
}

TEST(CosineClassifier, BadArgumentsShowTheirValue) {
  expect_value_error([] { CosineClassifier head(0, 3); }, "D = 0");
  expect_value_error([] { CosineClassifier head(3, -1); }, "K = -1");
  expect_value_error([] { CosineClassifier head(3, 3, TemperatureOptions{.initial = 0}); },
                     "got 0");
  expect_value_error([] { CosineClassifier head(3, 3, TemperatureOptions{.initial = -2}); },
                     "got -2");
  CosineClassifier head(3, 2);
  expect_value_error([&] { (void)head->forward(torch::ones({5, 4})); }, "[5, 4]");
  expect_value_error([&] { (void)head->forward(torch::ones({3})); }, "[3]");
  expect_value_error([&] { (void)head->forward(torch::ones({5, 3}, torch::kInt64)); }, "Long");
}

}  // namespace gyroseg::cosine_classifier_test
