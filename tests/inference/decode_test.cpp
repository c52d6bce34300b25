#include "gyroseg/inference/decode.h"

#include <gtest/gtest.h>
#include <torch/utils.h>

#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "support/small_trees.h"

namespace gyroseg::decode_test {

using testing::node;
using testing::person_tree;
using testing::random_tree;
using testing::tree_of;
using testing::worked_tree;

// float32 logits, softmax and sums of at most 30 terms against float64: measured below 1e-6.
constexpr double kTolerance = 5e-6;

struct Answer {
  int cls = 0;
  double confidence = 0;
  double margin = 0;  // lead over the second class: a float32 argmax may differ where it is tiny
};

// Probabilities over `nodes` of one pixel, straight from the definition, in float64.
std::vector<double> probabilities(const std::vector<double>& z, const std::vector<int>& nodes,
                                  Activation activation) {
  std::vector<double> weights;
  double sum = 0;
  for (const int v : nodes) {
    weights.push_back(activation == Activation::softmax ? std::exp(z[v])
                                                        : 1 / (1 + std::exp(-z[v])));
    sum += weights.back();
  }
  for (double& w : weights) {
    w /= sum;
  }
  return weights;
}

Answer best(const std::vector<double>& values) {
  Answer answer{0, values[0], std::numeric_limits<double>::infinity()};
  for (std::size_t i = 1; i < values.size(); ++i) {
    if (values[i] > answer.confidence) {
      answer = {static_cast<int>(i), values[i], values[i] - answer.confidence};
    } else {
      answer.margin = std::min(answer.margin, answer.confidence - values[i]);
    }
  }
  return answer;
}

std::vector<double> summed(const Hierarchy& tree, const std::vector<double>& leaves, int k) {
  std::vector<double> sums(tree.level(k).size(), 0.0);
  for (int leaf = 0; leaf < tree.num_leaves(); ++leaf) {
    sums[tree.class_at(k, leaf)] += leaves[leaf];
  }
  return sums;
}

std::vector<Answer> mapped_up(const Hierarchy& tree, const std::vector<double>& leaves) {
  const Answer leaf = best(leaves);
  std::vector<Answer> answers;
  for (int k = 1; k <= tree.num_levels(); ++k) {
    const int cls = tree.class_at(k, leaf.cls);
    answers.push_back({cls, summed(tree, leaves, k)[cls], leaf.margin});
  }
  return answers;
}

// The leaf, or its nearest ancestor that passes; level 1 is answered in any case.
std::vector<Answer> backed_off(const Hierarchy& tree, const std::vector<double>& p,
                               double threshold) {
  std::vector<Answer> answers = mapped_up(tree, p);
  const auto leaves_at = [&](int k) {
    return tree.leaves_of(tree.level(k)[answers[k - 1].cls]);
  };
  int decided = 0;  // deepest level that the predicted node determines
  for (int k = tree.num_levels(); k >= 1 && decided == 0; --k) {
    decided = answers[k - 1].confidence >= threshold || k == 1 ? k : 0;
  }
  const std::vector<int> settled = leaves_at(decided);
  for (int k = 1; k <= tree.num_levels(); ++k) {
    Answer& answer = answers[k - 1];
    answer.margin = std::min(answer.margin, std::abs(answer.confidence - threshold));
    if (k > decided && leaves_at(k) != settled) {
      answer.cls = kUndecided;
      answer.confidence = 0;
    }
  }
  return answers;
}

std::vector<double> path_products(const Hierarchy& tree, const std::vector<double>& z) {
  std::vector<double> products;
  for (int leaf = 0; leaf < tree.num_leaves(); ++leaf) {
    double product = 1;
    for (const int v : tree.ancestors(leaf)) {
      const std::vector<int>& siblings =
          tree.parent(v) < 0 ? tree.top_nodes() : tree.children(tree.parent(v));
      const std::vector<double> own = probabilities(z, siblings, Activation::softmax);
      product *= own[std::find(siblings.begin(), siblings.end(), v) - siblings.begin()];
    }
    products.push_back(product);
  }
  return products;
}

std::vector<Answer> reference(const Hierarchy& tree, const std::vector<double>& z,
                              const std::string& mode, Activation activation) {
  const std::vector<double> p = probabilities(z, tree.level(tree.num_levels()), activation);
  if (mode == "leaf_argmax") {
    return mapped_up(tree, p);
  }
  if (mode == "backoff") {
    return backed_off(tree, p, 0.5);
  }
  if (mode == "path_product") {
    return mapped_up(tree, path_products(tree, z));
  }
  std::vector<Answer> answers;
  std::vector<double> score(tree.num_leaves(), 0.0);
  double total = 0;
  for (int k = 1; k <= tree.num_levels(); ++k) {
    const std::vector<double> own = probabilities(z, tree.level(k), activation);
    answers.push_back(best(mode == "level_sum" ? summed(tree, p, k) : own));
    for (int leaf = 0; leaf < tree.num_leaves(); ++leaf) {
      const int v = tree.level(k)[tree.class_at(k, leaf)];
      const double s = activation == Activation::softmax ? own[tree.class_at(k, leaf)]
                                                         : 1 / (1 + std::exp(-z[v]));
      score[leaf] += s;
      total += s;
    }
  }
  if (mode != "path_sum") {
    return answers;
  }
  for (double& s : score) {
    s /= total;
  }
  return mapped_up(tree, score);
}

void expect_reference(const Hierarchy& tree, Activation activation, unsigned seed) {
  torch::manual_seed(seed);
  const int B = 2, H = 5, W = 7;
  const torch::Tensor logits = 3 * torch::randn({B, tree.num_nodes(), H, W});
  LabelDecoder decoder(tree, /*all_nodes=*/true, activation);
  const std::vector<Decoded> decoded = decoder(logits, LabelDecoder::known_modes());
  ASSERT_EQ(decoded.size(), 6u);
  for (std::size_t m = 0; m < decoded.size(); ++m) {
    const std::string& mode = LabelDecoder::known_modes()[m];
    ASSERT_EQ(static_cast<int>(decoded[m].levels.size()), tree.num_levels());
    for (int b = 0; b < B; ++b) {
      for (int i = 0; i < H * W; ++i) {
        std::vector<double> z;
        for (int v = 0; v < tree.num_nodes(); ++v) {
          z.push_back(logits[b][v][i / W][i % W].item<float>());
        }
        const std::vector<Answer> answers = reference(tree, z, mode, activation);
        for (int k = 1; k <= tree.num_levels(); ++k) {
          const LevelPrediction& level = decoded[m].levels[k - 1];
          const Answer& answer = answers[k - 1];
          const auto cls = level.classes[b][i / W][i % W].item<std::int64_t>();
          const double confidence = level.confidence[b][i / W][i % W].item<float>();
          if (answer.margin > kTolerance) {
            ASSERT_EQ(cls, answer.cls) << mode << " level " << k << " seed " << seed;
          }
          if (answer.margin > kTolerance || mode != "backoff") {
            ASSERT_NEAR(confidence, answer.confidence, kTolerance) << mode << " level " << k;
          }
        }
      }
    }
  }
}

TEST(Decode, EveryModeMatchesThePixelwiseDefinitionOnManyTrees) {
  for (const Activation activation : {Activation::softmax, Activation::sigmoid}) {
    expect_reference(worked_tree(), activation, 1);
    expect_reference(person_tree(), activation, 2);
    expect_reference(tree_of({node("only")}), activation, 3);
    expect_reference(tree_of({node("a", {node("b", {node("c")})})}), activation, 4);
    expect_reference(tree_of({node("a"), node("b"), node("c")}), activation, 5);
    for (unsigned seed = 10; seed < 16; ++seed) {
      expect_reference(random_tree(seed), activation, seed);
    }
  }
}

TEST(Decode, LeafProbabilitiesAreThoseOfTheDefinition) {
  torch::manual_seed(8);
  const Hierarchy tree = person_tree();
  const torch::Tensor logits = 3 * torch::randn({1, tree.num_nodes(), 4, 3});
  std::vector<int> leaves(tree.num_leaves());
  std::iota(leaves.begin(), leaves.end(), 0);
  for (const Activation activation :
       {Activation::softmax, Activation::sigmoid, Activation::siblings}) {
    LabelDecoder decoder(tree, /*all_nodes=*/true, activation);
    const torch::Tensor p = decoder.leaf_probabilities(logits);
    ASSERT_EQ(p.sizes(), (std::vector<std::int64_t>{1, tree.num_leaves(), 4, 3}));
    for (int i = 0; i < 12; ++i) {
      const torch::Tensor pixel = logits[0].select(1, i / 3).select(1, i % 3).to(torch::kFloat64);
      const std::vector<double> z(pixel.const_data_ptr<double>(),
                                  pixel.const_data_ptr<double>() + tree.num_nodes());
      const std::vector<double> expected = activation == Activation::siblings
                                               ? path_products(tree, z)
                                               : probabilities(z, leaves, activation);
      for (const int leaf : leaves) {
        EXPECT_NEAR(p[0][leaf][i / 3][i % 3].item<float>(), expected[leaf], kTolerance);
      }
    }
    EXPECT_THROW((void)decoder.leaf_probabilities(logits[0]), c10::ValueError);
  }
}

TEST(Decode, LeafChannelsAloneGiveTheSameLeafModes) {
  torch::manual_seed(7);
  const Hierarchy tree = person_tree();
  const torch::Tensor logits = torch::randn({2, tree.num_nodes(), 4, 3});
  const std::vector<std::string> modes = {"level_sum", "leaf_argmax"};
  LabelDecoder all(tree, true, Activation::softmax);
  LabelDecoder leaves(tree, false, Activation::softmax);
  const auto a = all(logits, modes);
  const auto b = leaves(logits.narrow(1, 0, tree.num_leaves()), modes);
  for (std::size_t m = 0; m < modes.size(); ++m) {
    for (std::size_t k = 0; k < a[m].levels.size(); ++k) {
      EXPECT_TRUE(a[m].levels[k].classes.equal(b[m].levels[k].classes));
      EXPECT_TRUE(a[m].levels[k].confidence.equal(b[m].levels[k].confidence));
    }
  }
}

// The distributions of docs/metrics.md, one a column, and what it says of them.
TEST(Decode, LevelSumOfTheWorkedExample) {
  const torch::Tensor p = torch::tensor({0.92, 0.08, 0.08, 0.08, 0.16,  //
                                         0.02, 0.72, 0.10, 0.10, 0.37,  //
                                         0.02, 0.10, 0.62, 0.12, 0.26,  //
                                         0.02, 0.06, 0.12, 0.62, 0.15,  //
                                         0.02, 0.04, 0.08, 0.08, 0.06});
  LabelDecoder decoder(worked_tree(), false, Activation::softmax);
  const Decoded decoded = decoder(p.log().view({1, 5, 1, 5}), {"level_sum"}).at(0);
  const auto expect = [&](int k, std::vector<std::int64_t> classes, std::vector<float> confidence) {
    const LevelPrediction& level = decoded.levels.at(k - 1);
    EXPECT_TRUE(level.classes.flatten().equal(torch::tensor(classes))) << level.classes;
    // Rounding of log and softmax in float32.
    EXPECT_TRUE(level.confidence.flatten().allclose(torch::tensor(confidence), 0, 1e-6))
        << level.confidence;
  };
  expect(1, {0, 1, 1, 1, 1}, {0.92F, 0.92F, 0.92F, 0.92F, 0.84F});
  expect(2, {0, 1, 2, 2, 2}, {0.92F, 0.72F, 0.82F, 0.82F, 0.47F});
  expect(3, {0, 1, 2, 3, 1}, {0.92F, 0.72F, 0.62F, 0.62F, 0.37F});
}

TEST(Decode, ShallowLeafCountsOnEveryLevelOfPathSum) {
  // background 0.8 against animal 0.2 at level 1, and 0.4 against 0.3 + 0.3 below: two terms each,
  // background 1.2, bird 0.5. Counting background's channel once would give 0.8 against 0.5.
  const Hierarchy tree = tree_of({node("background"), node("animal", {node("bird"), node("cat")})});
  LabelDecoder decoder(tree, true, Activation::softmax);
  // Level 2 reads channels background, bird, cat; level 1 background, animal: equal odds need
  // animal = background / 4.
  const torch::Tensor z = torch::tensor({0.4F, 0.3F, 0.3F, 0.1F}).log().view({1, 4, 1, 1});
  const Decoded decoded = decoder(z, {"path_sum"}).at(0);
  // Scores 1.2, 0.5, 0.5 sum to 2.2.
  EXPECT_NEAR(decoded.levels[1].confidence.item<float>(), 1.2 / 2.2, 1e-6);
  EXPECT_EQ(decoded.levels[1].classes.item<std::int64_t>(), 0);
}

TEST(Decode, HugeLogitsStayFinite) {
  const Hierarchy tree = person_tree();
  const float largest = std::numeric_limits<float>::max();
  for (const Activation activation : {Activation::softmax, Activation::sigmoid}) {
    LabelDecoder decoder(tree, true, activation);
    for (const float size : {1e4F, 1e30F, largest}) {
      for (const float other : {size, -size, 0.0F}) {
        torch::Tensor logits = torch::full({1, tree.num_nodes(), 2, 2}, -size);
        logits.select(1, 3).fill_(other);
        logits.select(1, tree.find("upper_body")).fill_(other);
        logits.select(1, tree.find("body")).fill_(other);
        const std::vector<Decoded> answers = decoder(logits, LabelDecoder::known_modes());
        for (std::size_t m = 0; m < answers.size(); ++m) {
          const Decoded& decoded = answers[m];
          for (const LevelPrediction& level : decoded.levels) {
            EXPECT_TRUE(level.confidence.isfinite().all().item<bool>()) << size << " " << other;
            EXPECT_TRUE(
                level.confidence.ge(0).logical_and(level.confidence.le(1)).all().item<bool>());
          }
          const auto leaf = decoded.levels.back().classes[0][0][0].item<std::int64_t>();
          const bool tie = other == -size;
          // A vector unit may round one pixel's sum of paths otherwise than the next one's.
          if (!tie || LabelDecoder::known_modes()[m] != "path_sum") {
            EXPECT_EQ(leaf, tie ? 0 : 3) << LabelDecoder::known_modes()[m] << " " << size;
          }
        }
      }
    }
  }
}

TEST(Decode, SaturatedSigmoidsKeepTheOrderOfTheirLogits) {
  LabelDecoder decoder(tree_of({node("a"), node("b"), node("c")}), false, Activation::sigmoid);
  const torch::Tensor z = torch::tensor({40.F, 60.F, 50.F}).view({1, 3, 1, 1});
  for (const Decoded& decoded : decoder(z, {"leaf_argmax", "level_sum", "level_head"})) {
    EXPECT_EQ(decoded.levels[0].classes.item<std::int64_t>(), 1);
    EXPECT_NEAR(decoded.levels[0].confidence.item<float>(), 1.0 / 3, 1e-6);
  }
}

TEST(Decode, TiesGoToTheSmallestIndexAndEmptyBatchesPass) {
  const Hierarchy tree = worked_tree();
  LabelDecoder decoder(tree, true, Activation::softmax);
  for (const Decoded& decoded :
       decoder(torch::zeros({1, 7, 1, 1}), {"leaf_argmax", "level_head"})) {
    EXPECT_EQ(decoded.levels.back().classes.item<std::int64_t>(), 0);
  }
  const auto empty = decoder(torch::zeros({0, 7, 2, 3}), LabelDecoder::known_modes());
  EXPECT_EQ(empty[3].levels[0].classes.sizes(), (torch::IntArrayRef{0, 2, 3}));
}

TEST(Decode, LogitsAreUntouchedAndHalfPrecisionIsRead) {
  torch::manual_seed(3);
  const Hierarchy tree = worked_tree();
  LabelDecoder decoder(tree, true, Activation::softmax);
  const torch::Tensor logits = torch::randn({1, 7, 2, 2});
  const torch::Tensor before = logits.clone();
  (void)decoder(logits, LabelDecoder::known_modes());
  EXPECT_TRUE(logits.equal(before));
  const auto half = decoder(logits.to(torch::kBFloat16), {"level_sum"});
  EXPECT_EQ(half[0].levels[0].confidence.scalar_type(), torch::kFloat32);
}

std::string message_of(LabelDecoder& decoder, const torch::Tensor& logits,
                       const std::string& mode) {
  try {
    (void)decoder(logits, {mode});
  } catch (const c10::ValueError& error) {
    return error.what_without_backtrace();
  }
  return "";
}

TEST(Decode, WrongModesAndShapesAreNamed) {
  const Hierarchy tree = worked_tree();
  LabelDecoder leaves(tree, false, Activation::softmax);
  const torch::Tensor logits = torch::zeros({1, 5, 2, 2});
  EXPECT_EQ(
      message_of(leaves, logits, "best"),
      "LabelDecoder: unknown decode mode \"best\", expected leaf_argmax | level_sum | level_head | "
      "path_sum | backoff | path_product");
  EXPECT_EQ(message_of(leaves, logits, "path_sum"),
            "LabelDecoder: decode mode \"path_sum\" needs a channel for every node (7), the "
            "classifier has "
            "the 5 leaves only");
  EXPECT_NE(message_of(leaves, torch::zeros({1, 7, 2, 2}), "level_sum").find("[1, 7, 2, 2]"),
            std::string::npos);
}

}  // namespace gyroseg::decode_test
