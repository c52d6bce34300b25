#include "gyroseg/models/embedding_classifier.h"

#include <gtest/gtest.h>
#include <torch/nn/functional/loss.h>
#include <torch/optim/adamw.h>
#include <torch/optim/sgd.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <string>
#include <vector>

#include "gyroseg/models/segmenter.h"
#include "gyroseg/models/weights.h"
#include "support/value_error.h"

namespace gyroseg::embedding_classifier_test {

using testing::expect_value_error;
using torch::Tensor;

constexpr int kLeaves = 5;
constexpr int kDim = 6;

struct Allowed {
  std::string kind, space;
};

const std::vector<Allowed> kAllowed = {
    {"hyperplanes", "euclidean"}, {"hyperplanes", "sphere"}, {"hyperplanes", "poincare"},
    {"hyperplanes", "lorentz"},   {"ganea", "poincare"},     {"prototypes", "euclidean"},
    {"prototypes", "sphere"},     {"prototypes", "poincare"}, {"prototypes", "lorentz"},
    {"cosine", "sphere"}};

ClassifierConfig classifier(const std::string& kind) {
  ClassifierConfig config;
  config.input = "embedding";
  config.kind = kind;
  config.learn_temperature = kind == "prototypes" || kind == "cosine";
  return config;
}

Segmenter small_net(const std::string& space, const ClassifierConfig& config,
                    const Tensor& given = {}) {
  torch::manual_seed(5);
  ModelConfig model;
  model.encoder = model.decoder = "pointwise";
  model.auxiliary_weight = 0;
  EmbeddingConfig embedding{.space = space, .dim = kDim, .curvature = 0.5};
  embedding.learn_curvature = space == "poincare" || space == "lorentz";
  return Segmenter(model, embedding, config, SegmenterShape{kLeaves, kLeaves + 2, true, {}, given});
}

TEST(EmbeddingClassifier, GradientsReachEveryParameterUnderItsName) {
  for (const auto& [kind, space] : kAllowed) {
    Segmenter net = small_net(space, classifier(kind));
    net->forward(torch::rand({2, 3, 16, 16})).logits.square().mean().backward();
    std::string own;
    for (const auto& parameter : net->named_parameters()) {
      const Tensor& grad = parameter.value().grad();
      ASSERT_TRUE(grad.defined()) << kind << " " << space << ": " << parameter.key();
      EXPECT_TRUE(grad.isfinite().all().item<bool>()) << kind << ": " << parameter.key();
      EXPECT_GT(grad.abs().max().item<double>(), 0)
          << kind << " " << space << ": " << parameter.key();
      if (parameter.key().starts_with("classifier.")) own += parameter.key().substr(10);
    }
    const std::string curvature = space == "poincare" || space == "lorentz" ? ".curvature" : "";
    const std::string expected = kind == "prototypes" ? ".temperature.prototypes"
                                 : kind == "cosine"   ? ".temperature.directions"
                                                      : ".normals.offsets";
    EXPECT_EQ(own, expected + curvature) << kind << " " << space;
  }
}

// The colour decides the class: a network of single pixels can learn it.
TEST(EmbeddingClassifier, TenStepsLowerTheLoss) {
  torch::manual_seed(6);
  const Tensor images = torch::rand({2, 3, 16, 16});
  const Tensor labels = (images.select(1, 0) * kLeaves).floor().to(torch::kInt64);
  for (const auto& [kind, space] : kAllowed) {
    Segmenter net = small_net(space, classifier(kind));
    torch::optim::AdamW optimizer(net->parameters(), torch::optim::AdamWOptions(0.01));
    std::vector<double> losses;
    for (int step = 0; step <= 10; ++step) {
      optimizer.zero_grad();
      const Tensor loss = torch::nn::functional::cross_entropy(net->forward(images).logits, labels);
      losses.push_back(loss.item<double>());
      loss.backward();
      optimizer.step();
    }
    EXPECT_LT(losses.back(), losses.front() - 0.02) << kind << " " << space;
  }
}

TEST(EmbeddingClassifier, FixedPrototypesStayAndGivenOnesAreTaken) {
  const Tensor given = torch::randn({kLeaves, kDim});
  for (const bool learn : {false, true}) {
    ClassifierConfig config = classifier("prototypes");
    config.learn_prototypes = learn;
    Segmenter net = small_net("poincare", config, given);
    EXPECT_TRUE(torch::equal(state_of(*net).at("classifier.prototypes"), given));
    torch::optim::SGD optimizer(net->parameters(), torch::optim::SGDOptions(0.1));
    for (int step = 0; step < 3; ++step) {
      optimizer.zero_grad();
      net->forward(torch::rand({1, 3, 8, 8})).logits.select(1, 0).mean().backward();
      optimizer.step();
    }
    EXPECT_EQ(torch::equal(state_of(*net).at("classifier.prototypes"), given), !learn);
  }
}

// -d/tau with tau = 2 is half of the scores with tau = 1.
TEST(EmbeddingClassifier, TheTemperatureDividesTheScores) {
  const auto sphere = make_manifold("sphere", 1.0);
  const Tensor v = torch::randn({1, kDim, 3, 2}), given = torch::randn({kLeaves, kDim});
  const auto scores = [&](const std::string& kind, std::optional<double> temperature) {
    torch::manual_seed(8);
    ClassifierConfig config;
    config.kind = kind;
    config.temperature = temperature;
    return make_embedding_classifier(config, kDim, kLeaves, sphere,
                                     kind == "prototypes" ? given : Tensor())
        .logits(v);
  };
  EXPECT_TRUE(torch::allclose(scores("prototypes", 2), scores("prototypes", 1) / 2));
  EXPECT_TRUE(torch::equal(scores("prototypes", {}), scores("prototypes", 1)));
  EXPECT_TRUE(torch::equal(scores("cosine", {}), scores("cosine", 0.1)));
}

TEST(EmbeddingClassifier, RefusesWhatTheSpaceOrTheKindDoesNotHave) {
  const auto make = [](const std::string& space, ClassifierConfig of, const Tensor& given = {}) {
    (void)make_embedding_classifier(of, kDim, kLeaves, make_manifold(space, 1.0), given);
  };
  ClassifierConfig config;
  config.kind = "nearest";
  expect_value_error([&] { make("sphere", config); }, "got nearest");
  config.kind = "ganea";
  expect_value_error([&] { make("lorentz", config); }, "embedding.space: poincare, got lorentz");
  config.kind = "cosine";
  expect_value_error([&] { make("euclidean", config); }, "embedding.space: sphere, got euclidean");
  config.learn_prototypes = false;
  expect_value_error([&] { make("sphere", config); }, "needs classifier.kind: prototypes");
  config = {};
  config.temperature = 2.0;
  expect_value_error([&] { make("sphere", config); }, "needs classifier.kind: prototypes | cosine");
  config = {};
  config.kind = "prototypes";
  expect_value_error([&] { make("sphere", config, torch::ones({kLeaves, kDim + 1})); }, "[5, 7]");
}

}  // namespace gyroseg::embedding_classifier_test
