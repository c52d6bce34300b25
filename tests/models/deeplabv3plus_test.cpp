#include "gyroseg/models/deeplabv3plus.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/nn/modules/conv.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <map>
#include <string>
#include <vector>

#include "gyroseg/models/aspp.h"
#include "gyroseg/models/memory_format.h"
#include "gyroseg/models/weights.h"
#include "module_checks.h"

namespace gyroseg::deeplabv3plus_test {

using torch::Tensor;

ModelConfig config_of(int output_stride) {
  ModelConfig config;
  config.output_stride = output_stride;
  return config;
}

/// Weights and batch norms of in -> out with k x k kernels (k*k*in*out + 2*out).
std::int64_t block(std::int64_t in, std::int64_t out, std::int64_t area = 1) {
  return area * in * out + 2 * out;
}

std::int64_t separable(std::int64_t in, std::int64_t out) {
  return block(1, in, 9) + block(in, out);
}

TEST(DeepLabV3Plus, CountsItsParameters) {
  const ModelConfig config = config_of(16);
  const auto encoder = make_encoder(config);
  const std::int64_t expected = block(512, 256) * 2 + 3 * separable(512, 256) +
                                block(5 * 256, 256) + block(64, 48) + separable(304, 256) +
                                separable(256, 256);
  EXPECT_EQ(count_parameters(*make_decoder(config, *encoder)), expected);
}

TEST(DeepLabV3Plus, OptionsSetTheWidths) {
  ModelConfig config = config_of(32);
  config.aspp_channels = 32;
  config.low_level_channels = 8;
  config.decoder_channels = 24;
  config.aspp_dilations = {2, 5};
  const auto encoder = make_encoder(config);
  const auto decoder = make_decoder(config, *encoder);
  EXPECT_EQ(decoder->channels(), 24);
  EXPECT_EQ(count_parameters(*decoder),
            block(512, 32) * 2 + 2 * separable(512, 32) + block(4 * 32, 32) + block(64, 8) +
                separable(40, 24) + separable(24, 24));
}

/// The kernel reach of each branch, from where the gradient of the centre pixel is not zero.
std::vector<std::int64_t> reaches(const std::vector<int>& dilations) {
  torch::manual_seed(0);
  Aspp aspp(8, 32, dilations);  // wide enough that no branch has only dead ReLUs
  aspp->eval();
  Tensor x = torch::rand({1, 8, 81, 81}, torch::requires_grad());
  aspp->forward(x).index({0, torch::indexing::Slice(), 40, 40}).sum().backward();
  const Tensor row = x.grad().abs().sum({0, 1})[40];
  // The image's mean reaches every pixel alike: what differs from a corner is a branch.
  const Tensor branch = (row - row[0]).abs() > 1e-7;
  std::vector<std::int64_t> found;
  for (int i = 41; i < 81; ++i) {
    if (branch[i].item<bool>()) found.push_back(i - 40);
  }
  return found;
}

TEST(Aspp, EachDilationIsABranch) {
  EXPECT_THAT(reaches({6, 12, 18}), ::testing::ElementsAre(6, 12, 18));
  EXPECT_THAT(reaches({3}), ::testing::ElementsAre(3));
}

TEST(DeepLabV3Plus, DilationsFollowTheOutputStride) {
  const std::map<int, std::vector<int>> expected = {
      {8, {12, 24, 36}}, {16, {6, 12, 18}}, {32, {3, 6, 9}}};
  for (const auto& [output_stride, dilations] : expected) {
    const ModelConfig config = config_of(output_stride);
    const auto decoder = make_decoder(config, *make_encoder(config));
    std::vector<int> found;
    for (const auto& child : decoder->named_modules()) {
      const auto* conv = child.value()->as<torch::nn::Conv2d>();
      if (conv && child.key().starts_with("aspp.branches") && conv->options.groups() > 1) {
        found.push_back(static_cast<int>(conv->options.dilation()->at(0)));
      }
    }
    EXPECT_EQ(found, dilations) << "output stride " << output_stride;
  }
}

TEST(DeepLabV3Plus, GivesTheSizeOfC2) {
  const torch::NoGradGuard no_grad;
  for (const int output_stride : {8, 16, 32}) {
    const ModelConfig config = config_of(output_stride);
    const auto encoder = make_encoder(config);
    const auto decoder = make_decoder(config, *encoder);
    encoder->eval();
    decoder->eval();
    const Tensor features = decoder->forward(encoder->forward(torch::rand({2, 3, 46, 60})));
    EXPECT_THAT(features.sizes(), ::testing::ElementsAre(2, 256, 12, 15));
  }
}

TEST(Aspp, TrainsOnALoneImage) {
  torch::manual_seed(0);
  Aspp aspp(4, 8, std::vector<int>{1, 2});
  const Tensor y = aspp->forward(torch::rand({1, 4, 5, 5}));
  EXPECT_TRUE(y.isfinite().all().item<bool>());
  y.sum().backward();
  for (const auto& parameter : aspp->named_parameters()) {
    EXPECT_TRUE(parameter.value().grad().isfinite().all().item<bool>()) << parameter.key();
  }
}

TEST(DeepLabV3Plus, RefusesWidthsAndDilationsBelowOne) {
  ModelConfig config;
  config.encoder = "pointwise";
  const auto encoder = make_encoder(config);
  config.aspp_channels = 0;
  EXPECT_THROW((void)make_decoder(config, *encoder), c10::ValueError);
  config = {};
  config.low_level_channels = 0;
  EXPECT_THROW((void)make_decoder(config, *encoder), c10::ValueError);
  config = {};
  config.decoder_channels = -1;
  EXPECT_THROW((void)make_decoder(config, *encoder), c10::ValueError);
  config = {};
  config.aspp_dilations = {6, 0};
  EXPECT_THROW((void)make_decoder(config, *encoder), c10::ValueError);
}

}  // namespace gyroseg::deeplabv3plus_test
