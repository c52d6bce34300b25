#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config_files.h"

namespace gyroseg::override_test {

using ::testing::ElementsAre;

class Override : public ::testing::Test {
 protected:
  static Config with(const std::vector<std::string>& overrides) {
    return ConfigFiles::read(kMinimal + "loss: [{name: cross_entropy}]\n", overrides);
  }
  static std::string error(const std::string& text) {
    return ConfigFiles::error(kMinimal + "loss: [{name: cross_entropy}]\n", {text});
  }

  ConfigFiles files_;
};

TEST_F(Override, ReplacesAndCreates) {
  const Config config = with({"embedding.space=poincare", "embedding.curvature=1e-6", "seed=7",
                              "data.root=/a b/c", "data.augment={flip: 0.5}"});
  EXPECT_EQ(config.embedding.space, "poincare");
  EXPECT_EQ(config.embedding.curvature, 1e-6);
  EXPECT_EQ(config.seed, 7U);
  EXPECT_EQ(config.data.root, "/a b/c");
  EXPECT_EQ(config.data.augment.flip, 0.5);
}

TEST_F(Override, TheLastOneWins) { EXPECT_EQ(with({"seed=1", "seed=2"}).seed, 2U); }

TEST_F(Override, ListItems) {
  const Config config = with({"loss.0.weight=2", "loss.1.name=tree_triplet",
                              "loss.1.fixed_margin=0.6", "data.image_size=[32, 32]",
                              "data.image_size.1=64"});
  EXPECT_EQ(config.data.image_size, (std::array<int, 2>{32, 64}));
  ASSERT_EQ(config.loss.size(), 2U);
  EXPECT_EQ(config.loss[0].weight, 2);
  EXPECT_EQ(config.loss[1].name, "tree_triplet");
  EXPECT_EQ(config.loss[1].fixed_margin, 0.6);
}

TEST_F(Override, WholeSubtrees) {
  const Config config =
      with({"loss=[{name: tree_triplet}]", "decode=[level_sum, leaf_argmax]",
            "hierarchy={x: 3, y: {z: 4}}", "data.label_map.9=ignore"});
  EXPECT_EQ(config.loss.size(), 1U);
  EXPECT_THAT(config.decode, ElementsAre("level_sum", "leaf_argmax"));
  EXPECT_EQ(config.hierarchy.roots.size(), 2U);
  EXPECT_EQ(config.data.label_map.at(9), std::nullopt);
}

TEST_F(Override, LabelsOfNodes) {
  const Config config = with({"labels={background: 3, head: 4, torso: 5}", "labels.body=7"});
  ASSERT_EQ(config.hierarchy.labels.size(), 4U);
  EXPECT_EQ(config.hierarchy.labels.back().node, "body");
  EXPECT_EQ(config.hierarchy.labels.back().value, 7);
}

TEST_F(Override, EmptyIsNullIsTheDefault) {
  EXPECT_EQ(with({"model.pretrained=", "name="}).name, "run");
  EXPECT_EQ(with({"model.pretrained=\"\""}).model.pretrained, "");
}

TEST_F(Override, QuotedPartsMayHoldDotsAndEquals) {
  const Config config = with({"hierarchy.\"a.b=c\"={}", "hierarchy.plain={}"});
  EXPECT_EQ(config.hierarchy.roots[2].name, "a.b=c");
}

TEST_F(Override, BadOnes) {
  EXPECT_EQ(error("seed"), "--set seed: expected key=value, such as training.epochs=5");
  EXPECT_EQ(error("=3"), "--set =3: expected key=value, such as training.epochs=5");
  EXPECT_EQ(error("a..b=3"), "--set a..b=3: expected key=value, such as training.epochs=5");
  EXPECT_EQ(error("a.\"b=3"), "--set a.\"b=3: expected key=value, such as training.epochs=5");
  EXPECT_EQ(error("seed=[1"),
            "--set seed=[1: the value is not YAML; put a text with special characters in quotes");
  EXPECT_EQ(error("loss.5.weight=1"),
            "--set loss.5.weight=1: loss is a list of 1: expected an index, got 5");
  EXPECT_EQ(error("loss.first.weight=1"),
            "--set loss.first.weight=1: loss is a list of 1: expected an index, got first");
  EXPECT_EQ(error("data.root.x=1"),
            "--set data.root.x=1: data.root is a value, not a map: it has no x");
  EXPECT_EQ(error("embedding.dims=3"),
            "--set embedding.dims=3: embedding.dims: unknown key, did you mean dim?");
  EXPECT_EQ(error("embedding={dim: 3, dim: 4}"),
            "--set embedding={dim: 3, dim: 4}: embedding.dim: duplicate key, first at --set "
            "embedding={dim: 3, dim: 4}");
  EXPECT_EQ(error("hierarchy.body.arm=x"),
            "--set hierarchy.body.arm=x: hierarchy.body.arm: expected {} (a leaf), an integer (a "
            "leaf with its mask value) or a map of children, got x");
}

}  // namespace gyroseg::override_test
