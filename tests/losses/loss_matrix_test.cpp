// Every loss in every space on trees of two, three and five levels: ten steps on one batch.
#include <algorithm>
#include <cmath>
#include <iterator>
#include <tuple>

#include <gtest/gtest.h>
#include <torch/nn/modules/conv.h>
#include <torch/optim/adam.h>
#include <torch/types.h>
#include <torch/utils.h>

#include "gyroseg/losses/criterion.h"
#include "manifolds/nn/classifier.h"
#include "random_batch.h"
#include "../../src/losses/term_kinds.h"
#include "support/one_thread.h"

namespace gyroseg::loss_matrix_test {

using testing::random_labels;
using testing::random_logits;

/// Unbalanced: a leaf on every level, and an only child.
Hierarchy tree_of(int height, bool repeat) {
  std::vector<NodeSpec> nodes = {inner("chain", {node("only")}), node("deep"), node("deeper")};
  for (int k = height - 2; k >= 1; --k) {
    const std::string level = std::to_string(k);
    nodes = {node("leaf" + level), inner("inner" + level, nodes)};
  }
  if (height == 2) {
    nodes = {node("leaf"), inner("pair", {node("a"), node("b")}), inner("chain", {node("only")})};
  }
  return Hierarchy({nodes, {}, repeat});
}

/// The smallest network there is: a linear map into the space, hyperplanes in it.
struct TinyNetwork {
  TinyNetwork(int classes, const std::shared_ptr<const Manifold>& manifold)
      : projection(torch::nn::Conv2dOptions(6, 4, 1)), classifier(4, classes, manifold) {}

  torch::nn::Conv2d projection;
  HyperplaneClassifier classifier;

  [[nodiscard]] std::vector<torch::Tensor> parameters() {
    return {projection->weight, projection->bias, classifier->normals, classifier->offsets};
  }
};

/// A loss of the config, on one channel a leaf or a node.
struct Loss {
  const char* name;
  bool all_nodes;
  double gamma = 0;
};

const Loss kLosses[] = {
    {"cross_entropy", false},  {"cross_entropy", true},   {"focal", false, 2}, {"focal", true, 2},
    {"dice", false},           {"dice", true},            {"boundary", false},
    {"boundary", true},        {"total_variation", false}, {"total_variation", true},
    {"tree_triplet", false},   {"tree_triplet", true},    {"bce", true},
    {"hierarchical_softmax", true}, {"tree_min", true},   {"tree_min", true, 2},
    {"rmi", true},
};

void expect_ten_steps_to_lower(const Loss& loss, const std::string& space, int height, bool repeat) {
  const Hierarchy tree = tree_of(height, repeat);
  ASSERT_EQ(tree.num_levels(), height);
  const std::shared_ptr<const Manifold> manifold = make_manifold(space, 1.0);
  LossConfig config;
  config.name = loss.name;
  config.level = kAllLevels;
  config.gamma = loss.gamma;
  const Criterion criterion({config}, tree, loss.all_nodes, 0.0, manifold);
  torch::manual_seed(height);
  TinyNetwork network(loss.all_nodes ? tree.num_nodes() : tree.num_leaves(), manifold);
  // RMI compares patches of 3 x 3 maxima of 3 x 3 pixels.
  const std::int64_t h = config.name == "rmi" ? 24 : 6;
  const std::int64_t w = h - 1;
  const torch::Tensor images =
      random_logits({2, 6, h, w}, torch::kFloat32, 1, 1.0);
  LossInputs inputs;
  // Inner nodes among them; masks cannot name the copies of a leaf.
  inputs.labels = random_labels(tree_of(height, false).num_nodes(),
                                {2, h, w}, 2);
  torch::optim::Adam optimizer(network.parameters(), torch::optim::AdamOptions(0.03));
  const auto evaluate = [&] {
    inputs.embedding = network.projection(images);
    inputs.logits = network.classifier(inputs.embedding);
    return criterion(inputs).total;
  };
  const double first = evaluate().item<double>();
  for (int step = 0; step < 10; ++step) {
    optimizer.zero_grad();
    evaluate().backward();
    for (const torch::Tensor& parameter : network.parameters()) {
      const torch::Tensor& gradient = parameter.grad();
      ASSERT_TRUE(!gradient.defined() || gradient.isfinite().all().item<bool>()) << "step " << step;
    }
    optimizer.step();
  }
  const double last = evaluate().item<double>();
  ASSERT_TRUE(std::isfinite(last));
  EXPECT_LT(last, first - 1e-4 * std::abs(first));
}

TEST(Losses, AllStandInTheMatrix) {
  for (const losses::TermKind& kind : losses::term_kinds()) {
    EXPECT_TRUE(std::any_of(std::begin(kLosses), std::end(kLosses),
                            [&](const Loss& loss) { return loss.name == kind.name; }))
        << kind.name;
  }
}

class LossMatrix : public ::testing::TestWithParam<std::tuple<std::string, int>> {};

TEST_P(LossMatrix, TenStepsLowerEveryLoss) {
  const testing::OneThread one_thread;
  const auto& [space, height] = GetParam();
  for (const Loss& loss : kLosses) {
    for (const bool repeat : {false, true}) {
      if (loss.all_nodes || !repeat) {
        SCOPED_TRACE(std::string(loss.name) + (loss.all_nodes ? " of nodes" : " of leaves") +
                     (repeat ? ", shallow leaves repeated" : ""));
        expect_ten_steps_to_lower(loss, space, height, repeat);
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, LossMatrix,
                         ::testing::Combine(::testing::Values("euclidean", "sphere", "poincare",
                                                              "lorentz"),
                                            ::testing::Values(2, 3, 5)));

}  // namespace gyroseg::loss_matrix_test
