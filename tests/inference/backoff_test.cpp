#include <gtest/gtest.h>
#include <torch/utils.h>

#include <vector>

#include "gyroseg/inference/decode.h"
#include "support/small_trees.h"

namespace gyroseg::backoff_test {

using testing::node;
using testing::person_tree;
using testing::worked_tree;

// c is a cat of .62 below a mammal of .82; e a bird of .37 below an animal of .84.
TEST(Backoff, OfTheWorkedExample) {
  const torch::Tensor p = torch::tensor({0.08, 0.16, 0.40,  //
                                         0.10, 0.37, 0.15,  //
                                         0.62, 0.26, 0.15,  //
                                         0.12, 0.15, 0.15,  //
                                         0.08, 0.06, 0.15});
  const torch::Tensor z = p.log().view({1, 5, 1, 3});
  const auto classes = [&](double threshold) {
    LabelDecoder decoder(worked_tree(), false, Activation::softmax, threshold);
    const Decoded decoded = decoder(z, {"backoff"}).at(0);
    std::vector<std::vector<std::int64_t>> result;
    for (const LevelPrediction& level : decoded.levels) {
      const torch::Tensor flat = level.classes.flatten();
      result.push_back({flat[0].item<std::int64_t>(), flat[1].item<std::int64_t>(),
                        flat[2].item<std::int64_t>()});
    }
    return result;
  };
  using Rows = std::vector<std::vector<std::int64_t>>;
  EXPECT_EQ(classes(0.0), (Rows{{1, 1, 0}, {2, 1, 0}, {2, 1, 0}}));  // leaf_argmax
  // The bird becomes an animal; background has no ancestor to give way to.
  EXPECT_EQ(classes(0.5), (Rows{{1, 1, 0}, {2, -1, 0}, {2, -1, 0}}));
  EXPECT_EQ(classes(0.8), (Rows{{1, 1, 0}, {2, -1, 0}, {-1, -1, 0}}));
  EXPECT_EQ(classes(1.0), (Rows{{1, 1, 0}, {-1, -1, 0}, {-1, -1, 0}}));
}

TEST(Backoff, DoesNotDependOnTheCopiesOfALeaf) {
  TreeSpec spec;
  spec.roots = {
      node("background"),
      node("animal", {node("bird"), node("mammal", {node("cat"), node("dog")})})};
  const Hierarchy plain(spec);
  spec.repeat_shallow_leaves = true;
  torch::manual_seed(9);
  const torch::Tensor z = 2 * torch::randn({1, 4, 6, 6});
  LabelDecoder one(plain, false, Activation::softmax, 0.7);
  LabelDecoder other(Hierarchy(spec), false, Activation::softmax, 0.7);
  const Decoded a = one(z, {"backoff"}).at(0);
  const Decoded b = other(z, {"backoff"}).at(0);
  for (std::size_t k = 0; k < a.levels.size(); ++k) {
    EXPECT_TRUE(a.levels[k].classes.equal(b.levels[k].classes));
  }
  EXPECT_TRUE(a.levels.back().classes.eq(kUndecided).any().item<bool>());
}

// Channels of the hierarchical softmax: every mode reads their path products.
TEST(PathProduct, SiblingsAreDecodedByTheirPathProducts) {
  torch::manual_seed(8);
  const Hierarchy tree = person_tree();
  const torch::Tensor z = torch::randn({1, tree.num_nodes(), 4, 4});
  LabelDecoder siblings(tree, true, Activation::siblings);
  LabelDecoder softmax(tree, true, Activation::softmax);
  const Decoded expected = softmax(z, {"path_product"}).at(0);
  const auto decoded = siblings(z, {"path_product", "leaf_argmax", "level_sum", "level_head"});
  for (std::size_t k = 0; k < expected.levels.size(); ++k) {
    for (const std::size_t m : {0U, 1U}) {
      EXPECT_TRUE(decoded[m].levels[k].classes.equal(expected.levels[k].classes));
      EXPECT_TRUE(decoded[m].levels[k].confidence.allclose(expected.levels[k].confidence, 0, 1e-6));
    }
    // A node's product is the sum of its leaves', so the level's own channels say the same.
    EXPECT_TRUE(decoded[2].levels[k].classes.equal(decoded[3].levels[k].classes));
    EXPECT_TRUE(decoded[2].levels[k].confidence.allclose(decoded[3].levels[k].confidence, 0, 1e-6));
  }
  EXPECT_THROW(LabelDecoder(tree, false, Activation::siblings), c10::ValueError);
  EXPECT_THROW(LabelDecoder(tree, true, Activation::softmax, 1.5), c10::ValueError);
}

}  // namespace gyroseg::backoff_test
