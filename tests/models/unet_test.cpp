#include "gyroseg/models/unet.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <string>
#include <vector>

#include "gyroseg/models/weights.h"
#include "module_checks.h"

namespace gyroseg::unet_test {

using ::testing::ElementsAre;
using torch::Tensor;

ModelConfig five_steps() {
  ModelConfig config;
  config.decoder = "unet";
  config.output_stride = 32;
  config.unet_channels = {256, 128, 64, 32, 16};
  return config;
}

/// Weights and batch norms of two 3 x 3 convolutions in -> out -> out.
std::int64_t block(std::int64_t in, std::int64_t out) {
  return 9 * in * out + 2 * out + 9 * out * out + 2 * out;
}

TEST(UNet, CountsItsParameters) {
  ModelConfig config = five_steps();
  const auto encoder = make_encoder(config);
  EXPECT_THAT(encoder->channels(), ElementsAre(64, 64, 128, 256, 512));
  const std::int64_t blocks = block(512 + 256, 256) + block(256 + 128, 128) +
                              block(128 + 64, 64) + block(64 + 64, 32) + block(32, 16);
  EXPECT_EQ(count_parameters(*make_decoder(config, *encoder)), blocks);

  config.upsample = "transposed";  // 2 x 2 kernels and a bias; they give the step's width
  const std::int64_t up = 4 * (512 * 256 + 256 * 128 + 128 * 64 + 64 * 32 + 32 * 16) +
                          (256 + 128 + 64 + 32 + 16);
  const std::int64_t halved = block(256 + 256, 256) + block(128 + 128, 128) + block(64 + 64, 64) +
                              block(32 + 64, 32) + block(16, 16);
  EXPECT_EQ(count_parameters(*make_decoder(config, *encoder)), up + halved);
}

TEST(UNet, OptionsSetTheBlocks) {
  ModelConfig config = five_steps();
  config.unet_channels = {24};
  config.block_depth = 3;
  config.conv_kernel = 5;
  config.batch_norm = false;
  const auto encoder = make_encoder(config);
  const auto decoder = make_decoder(config, *encoder);
  EXPECT_EQ(decoder->channels(), 24);
  EXPECT_EQ(count_parameters(*decoder), 25 * (768 * 24 + 2 * 24 * 24) + 3 * 24);
}

TEST(UNet, EmptyWidthsAreThoseOfTheMaps) {
  ModelConfig config = five_steps();
  config.unet_channels = {};
  const auto encoder = make_encoder(config);
  const auto decoder = make_decoder(config, *encoder);
  EXPECT_EQ(decoder->channels(), 64);
  EXPECT_EQ(count_parameters(*decoder),
            block(512 + 256, 256) + block(256 + 128, 128) + block(128 + 64, 64) + block(128, 64));
}

class UNetSizes : public ::testing::TestWithParam<std::string> {};

TEST_P(UNetSizes, AreThoseOfTheFinerMapsAndThenDoubled) {
  const torch::NoGradGuard no_grad;
  const Tensor images = torch::rand({2, 3, 45, 61});
  for (const int output_stride : {8, 16, 32}) {
    ModelConfig config = five_steps();
    config.output_stride = output_stride;
    config.upsample = GetParam();
    const auto encoder = make_encoder(config);
    encoder->eval();
    const auto stages = encoder->forward(images);
    ASSERT_EQ(stages.size(), 5U);
    EXPECT_THAT(stages[0].sizes(), ElementsAre(2, 64, 23, 31));
    const auto size_after = [&](std::vector<int> widths) {
      config.unet_channels = std::move(widths);
      const auto decoder = make_decoder(config, *encoder);
      decoder->eval();
      return decoder->forward(stages).sizes().vec();
    };
    EXPECT_THAT(size_after({32, 24, 16}), ElementsAre(2, 16, 12, 16));          // C2
    EXPECT_THAT(size_after({32, 24, 16, 8}), ElementsAre(2, 8, 23, 31));        // the stem
    EXPECT_THAT(size_after({32, 24, 16, 8, 4}), ElementsAre(2, 4, 46, 62));     // twice that
    EXPECT_THAT(size_after({32, 24, 16, 8, 4, 2}), ElementsAre(2, 2, 92, 124));
  }
}

INSTANTIATE_TEST_SUITE_P(Modes, UNetSizes,
                         ::testing::Values("nearest", "bilinear", "transposed"),
                         [](const auto& test) { return test.param; });

TEST(UNet, RunsOnEveryResNet) {
  const torch::NoGradGuard no_grad;
  for (const int depth : {18, 34, 50, 101, 152}) {
    ModelConfig config = five_steps();
    config.encoder = "resnet" + std::to_string(depth);
    const auto encoder = make_encoder(config);
    const auto decoder = make_decoder(config, *encoder);
    encoder->eval();
    decoder->eval();
    const Tensor features = decoder->forward(encoder->forward(torch::rand({1, 3, 32, 64})));
    EXPECT_THAT(features.sizes(), ElementsAre(1, 16, 32, 64)) << config.encoder;
  }
}

// The encoder's weights keep torchvision's names and places whether or not the stem is given out.
TEST(UNet, TheStemIsAMapMoreOfTheSameEncoder) {
  const torch::NoGradGuard no_grad;
  ModelConfig config = five_steps();
  const auto with_stem = make_encoder(config);
  config.decoder = "deeplabv3plus";
  const auto without = make_encoder(config);
  EXPECT_THAT(without->strides(), ElementsAre(4, 8, 16, 32));
  EXPECT_THAT(with_stem->strides(), ElementsAre(2, 4, 8, 16, 32));
  ASSERT_TRUE(load_state(*with_stem, state_of(*without)).complete());
  with_stem->eval();
  without->eval();
  const Tensor images = torch::rand({1, 3, 40, 40});
  const auto five = with_stem->forward(images), four = without->forward(images);
  for (std::size_t i = 0; i < 4; ++i) EXPECT_TRUE(five[i + 1].equal(four[i]));
}

TEST(UNet, EveryMapIsReadAtItsStep) {
  torch::manual_seed(2);
  ModelConfig config = five_steps();
  config.unet_channels = {16, 16, 16};
  const auto encoder = make_encoder(config);
  const auto decoder = make_decoder(config, *encoder);
  std::vector<Tensor> stages = encoder->forward(torch::rand({2, 3, 64, 64}));
  for (Tensor& map : stages) map = map.detach().requires_grad_();
  decoder->forward(stages).square().sum().backward();
  EXPECT_FALSE(stages[0].grad().defined());  // three steps end at C2: the stem is not read
  for (std::size_t i = 1; i < stages.size(); ++i) {
    EXPECT_GT(stages[i].grad().abs().max().item<double>(), 0) << i;
  }
}

TEST(UNet, RefusesOptionsOutOfRange) {
  const auto broken = [](auto change) {
    ModelConfig config = five_steps();
    const auto encoder = make_encoder(config);
    change(config);
    EXPECT_THROW((void)make_decoder(config, *encoder), c10::ValueError);
  };
  broken([](ModelConfig& c) { c.unet_channels = {16, 0}; });
  broken([](ModelConfig& c) { c.upsample = "bicubic"; });
  broken([](ModelConfig& c) { c.block_depth = 0; });
  broken([](ModelConfig& c) { c.conv_kernel = 4; });
  broken([](ModelConfig& c) { c.activation = "softsign"; });
}

}  // namespace gyroseg::unet_test
