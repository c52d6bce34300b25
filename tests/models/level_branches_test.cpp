#include "gyroseg/models/level_branches.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <string>
#include <vector>

#include "gyroseg/models/memory_format.h"
#include "gyroseg/models/segmenter.h"
#include "gyroseg/models/weights.h"

namespace gyroseg::level_branches_test {

using ::testing::ElementsAre;
using torch::Tensor;

/// Pascal-Person-Part: background and six parts, body, lower and upper body.
const std::vector<int> kLevels = {3, 3, 3, 3, 3, 3, 3, 1, 2, 2};
constexpr int kLeaves = 7;
constexpr int kNodes = 10;

ModelConfig small_config() {
  ModelConfig config;
  config.decoder = "unet";
  config.unet_channels = {16, 12, 8};
  config.block_depth = 1;
  config.branches = "per_level";
  config.auxiliary_weight = 0;
  return config;
}

Segmenter net_of(const ModelConfig& config, bool with_embedding = false,
                 std::vector<int> levels = kLevels) {
  torch::manual_seed(6);
  ClassifierConfig classifier;
  classifier.nodes = "all";
  return Segmenter(config, EmbeddingConfig{.space = "euclidean", .dim = 8, .curvature = 1.0},
                   classifier, SegmenterShape{kLeaves, kNodes, with_embedding, std::move(levels)});
}

TEST(LevelBranches, OneDecoderALevelOnOneEncoder) {
  ModelConfig config = small_config();
  const auto encoder = make_encoder(config);
  const std::int64_t decoder = count_parameters(*make_decoder(config, *encoder));
  const std::int64_t classifiers = (8 * 7 + 7) + (8 * 1 + 1) + (8 * 2 + 2);
  EXPECT_EQ(count_parameters(*net_of(config)),
            count_parameters(*encoder) + 3 * decoder + classifiers);
  EXPECT_EQ(count_parameters(*net_of(config, false, std::vector<int>(10, 3))),
            count_parameters(*encoder) + decoder + 8 * 10 + 10);
}

// Every classifier answers 100 * level + the index among its own channels.
TEST(LevelBranches, ChannelsComeBackInNodeOrder) {
  for (const std::vector<int>& levels :
       {kLevels, std::vector<int>{2, 1, 2, 3, 1, 3, 3, 2, 1, 3}}) {
    Segmenter net = net_of(small_config(), false, levels);
    const torch::NoGradGuard no_grad;
    for (auto& parameter : net->named_parameters()) {
      const std::string& name = parameter.key();
      if (name.find(".classifier.") == std::string::npos) continue;
      const int level = name.at(std::string("branches.level").size()) - '0';
      Tensor& value = parameter.value();
      value.copy_(value.dim() == 1 ? 100 * level + torch::arange(value.numel())
                                   : torch::zeros_like(value));
    }
    std::vector<double> expected;
    std::vector<int> seen(4, 0);
    for (const int level : levels) expected.push_back(100 * level + seen[level]++);
    const Tensor logits = net->forward(torch::rand({2, 3, 32, 32})).logits;
    ASSERT_THAT(logits.sizes(), ElementsAre(2, kNodes, 8, 8));
    for (int channel = 0; channel < kNodes; ++channel) {
      EXPECT_TRUE((logits.select(1, channel) == expected[channel]).all().item<bool>()) << channel;
    }
  }
}

TEST(LevelBranches, ALevelsGradientReachesItsBranchAndTheEncoderOnly) {
  for (int level = 1; level <= 3; ++level) {
    Segmenter net = net_of(small_config());
    const Tensor logits = net->forward(torch::rand({2, 3, 40, 56})).logits;
    Tensor loss = torch::zeros({});
    for (int channel = 0; channel < kNodes; ++channel) {
      if (kLevels[channel] == level) loss = loss + logits.select(1, channel).square().mean();
    }
    loss.backward();
    const std::string own = "branches.level" + std::to_string(level) + ".";
    for (const auto& parameter : net->named_parameters()) {
      const Tensor& grad = parameter.value().grad();
      const bool reached = grad.defined() && grad.abs().max().item<double>() > 0;
      const std::string& name = parameter.key();
      EXPECT_EQ(reached, name.starts_with("encoder.") || name.starts_with(own)) << name;
    }
  }
}

TEST(LevelBranches, TheEmbeddingReadsTheEncoderOrTheFinestBranch) {
  ModelConfig config = small_config();
  const Tensor images = torch::rand({2, 3, 46, 60});
  EXPECT_THAT(net_of(config, true)->forward(images).embedding.sizes(), ElementsAre(2, 8, 3, 4));
  config.projection_input = "decoder";
  Segmenter net = net_of(config, true);
  const Prediction prediction = net->forward(images);
  EXPECT_THAT(prediction.embedding.sizes(), ElementsAre(2, 8, 12, 15));
  prediction.embedding.square().mean().backward();
  for (const auto& parameter : net->named_parameters()) {
    if (parameter.key().starts_with("branches.level1")) {
      EXPECT_FALSE(parameter.value().grad().defined()) << parameter.key();
    }
    if (parameter.key().starts_with("branches.level3.decoder")) {
      EXPECT_TRUE(parameter.value().grad().defined()) << parameter.key();
    }
  }
}

TEST(LevelBranches, LogitsAreFloat32InBfloat16AndFollowChannelsLast) {
  Segmenter net = net_of(small_config());
  use_channels_last(*net);
  net->compute_in(torch::kBFloat16);
  const auto format = at::MemoryFormat::ChannelsLast;
  const Tensor logits = net->forward(torch::rand({2, 3, 64, 64}).contiguous(format)).logits;
  EXPECT_EQ(logits.scalar_type(), torch::kFloat32);
  EXPECT_FALSE(logits.to(torch::kBFloat16).to(torch::kFloat32).equal(logits));
  EXPECT_TRUE(logits.is_contiguous(format));
}

TEST(LevelBranches, RefusesWhatItCannotBuild) {
  EXPECT_THROW((void)net_of(small_config(), false, {}), c10::ValueError);
  EXPECT_THROW((void)net_of(small_config(), false, {1, 2, 3}), c10::ValueError);
  EXPECT_THROW((void)net_of(small_config(), false, std::vector<int>(10, 0)), c10::ValueError);
  ModelConfig config = small_config();
  const SegmenterShape shape{kLeaves, kNodes, false, kLevels};
  ClassifierConfig classifier;
  EXPECT_THROW((void)Segmenter(config, EmbeddingConfig{}, classifier, shape), c10::ValueError);
  classifier = {.input = "embedding", .nodes = "all"};
  EXPECT_THROW((void)Segmenter(config, EmbeddingConfig{}, classifier, shape), c10::ValueError);
  config.branches = "both";
  classifier = {.input = "features", .nodes = "all"};
  EXPECT_THROW((void)Segmenter(config, EmbeddingConfig{}, classifier, shape), c10::ValueError);
}

}  // namespace gyroseg::level_branches_test
