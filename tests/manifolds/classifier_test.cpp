#include "manifolds/nn/classifier.h"

#include <gtest/gtest.h>
#include <torch/nn/functional/loss.h>
#include <torch/optim/sgd.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <vector>

#include "support/value_error.h"

namespace gyroseg::classifier_test {

TEST(HyperplaneClassifier, ParametersAndShapes) {
  torch::manual_seed(21);
  for (const char* kind : {"euclidean", "poincare"}) {
    HyperplaneClassifier head(16, 11, make_manifold(kind, 1.0));
    const auto named = head->named_parameters();
    ASSERT_EQ(named.size(), 2u);
    EXPECT_EQ(named["normals"].sizes(), (std::vector<int64_t>{11, 16}));
    EXPECT_EQ(named["offsets"].sizes(), (std::vector<int64_t>{11}));
    const auto v = torch::randn({2, 16, 3, 5});
    EXPECT_EQ(head->forward(v).sizes(), (std::vector<int64_t>{2, 11, 3, 5}));
    EXPECT_EQ(head->forward(v[0].flatten(1).t()).sizes(), (std::vector<int64_t>{15, 11}));
    EXPECT_TRUE(torch::equal(head->forward(v),
                             head->manifold().logits(v, head->normals, head->offsets, 1)));
  }
}

TEST(HyperplaneClassifier, InitialLogitsAreModerate) {
  torch::manual_seed(22);
  for (const int64_t dim : {2, 16, 256}) {
    const auto v = torch::randn({4096, dim});
    HyperplaneClassifier flat(dim, 64, make_manifold("euclidean", 1.0));
    EXPECT_NEAR(flat->forward(v).std().item<double>(), 1,
                0.25);  // 64 normals: a spread of 10 % and more
    HyperplaneClassifier ball(dim, 64, make_manifold("poincare", 1.0));
    const auto bound =
        4 * ball->normals.norm(2, 1) * v.norm(2, 1, true);  // |logit| <= 4 |z||v| at r = 0
    EXPECT_TRUE((ball->forward(v).abs() <= bound * (1 + 1e-6)).all().item<bool>());
  }
}

TEST(HyperplaneClassifier, LearnsTwoSeparableClassesInBothSpaces) {
  for (const char* kind : {"euclidean", "poincare"}) {
    torch::manual_seed(23);
    HyperplaneClassifier head(2, 2, make_manifold(kind, 1.0));
    const auto labels = torch::arange(100).remainder(2);
    const auto v = 0.2 * torch::randn({100, 2}) + labels.unsqueeze(1).mul(2).sub(1);
    torch::optim::SGD optimizer(head->parameters(), torch::optim::SGDOptions(0.2));
    for (int step = 0; step < 30; ++step) {
      optimizer.zero_grad();
      torch::nn::functional::cross_entropy(head->forward(v), labels).backward();
      optimizer.step();
    }
    EXPECT_TRUE(torch::equal(head->forward(v).argmax(1), labels));  // 5 deviations from the middle
  }
}

TEST(HyperplaneClassifier, LearnsTheCurvature) {
  for (const char* kind : {"poincare", "lorentz"}) {
    torch::manual_seed(24);
    HyperplaneClassifier head(3, 4, make_manifold(kind, Curvature::learnable(0.7)));
    EXPECT_EQ(head->parameters().size(), 3u);
    head->forward(torch::randn({5, 3})).pow(3).sum().backward();
    EXPECT_NE(head->named_parameters()["curvature"].grad().item<double>(), 0);
  }
}

TEST(HyperplaneClassifier, RefusesBadArguments) {
  using testing::expect_value_error;
  const auto m = make_manifold("euclidean", 1.0);
  expect_value_error([&] { HyperplaneClassifier head(0, 3, m); }, "D = 0");
  expect_value_error([&] { HyperplaneClassifier head(3, 0, m); }, "K = 0");
  expect_value_error([&] { HyperplaneClassifier head(3, 3, nullptr); }, "null");
  HyperplaneClassifier head(3, 3, m);
  expect_value_error([&] { (void)head->forward(torch::ones({2, 4, 5, 5})); }, "[2, 4, 5, 5]");
}

}  // namespace gyroseg::classifier_test
