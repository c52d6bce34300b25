// The networks for training from scratch: convnet with unet, and with segnet.
#include "gyroseg/models/convnet.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <map>
#include <string>
#include <vector>

#include "gyroseg/models/batch_norm.h"
#include "gyroseg/models/segmenter.h"
#include "gyroseg/models/weights.h"
#include "module_checks.h"

namespace gyroseg::convnet_test {

using ::testing::ElementsAre;
using torch::Tensor;

constexpr int kLeaves = 7;

/// Seed system 004's own arguments.
ModelConfig published_segnet() {
  ModelConfig config;
  config.encoder = "convnet";
  config.decoder = "segnet";
  config.encoder_channels = {64, 128, 256, 512};
  config.decoder_channels = 64;
  config.conv_kernel = 5;
  config.block_depth = 3;
  config.auxiliary_weight = 0;
  return config;
}

ModelConfig published_unet() {
  ModelConfig config = published_segnet();
  config.decoder = "unet";
  config.encoder_channels = {64, 128, 256, 512, 512};
  config.conv_kernel = 3;
  return config;
}

ModelConfig small(ModelConfig config) {
  for (int& channels : config.encoder_channels) channels /= 16;
  config.decoder_channels = 8;
  config.conv_kernel = 3;
  config.block_depth = 2;
  return config;
}

Segmenter net_of(const ModelConfig& config) {
  torch::manual_seed(4);
  return Segmenter(config, EmbeddingConfig{}, ClassifierConfig{},
                   SegmenterShape{kLeaves, kLeaves});
}

/// depth convolutions in -> out -> ... -> out with k x k kernels, each with batch norm.
std::int64_t stack(std::int64_t k, int depth, std::int64_t in, std::int64_t out) {
  return k * k * (in * out + (depth - 1) * out * out) + depth * 2 * out;
}

TEST(ConvNet, SegNetCountsItsParameters) {
  const std::int64_t encoder =
      stack(5, 3, 3, 64) + stack(5, 3, 64, 128) + stack(5, 3, 128, 256) + stack(5, 3, 256, 512);
  const std::int64_t decoder =
      stack(5, 3, 512, 256) + stack(5, 3, 256, 128) + stack(5, 3, 128, 64) + stack(5, 3, 64, 64);
  EXPECT_EQ(count_parameters(*net_of(published_segnet())),
            encoder + decoder + 64 * kLeaves + kLeaves);
}

TEST(ConvNet, UNetCountsItsParameters) {
  const std::int64_t encoder = stack(3, 3, 3, 64) + stack(3, 3, 64, 128) + stack(3, 3, 128, 256) +
                               stack(3, 3, 256, 512) + stack(3, 3, 512, 512);
  const std::int64_t decoder = stack(3, 3, 512 + 512, 512) + stack(3, 3, 512 + 256, 256) +
                               stack(3, 3, 256 + 128, 128) + stack(3, 3, 128 + 64, 64);
  EXPECT_EQ(count_parameters(*net_of(published_unet())),
            encoder + decoder + 64 * kLeaves + kLeaves);
}

TEST(ConvNet, MapsHaveTheirStridesAndRoundUp) {
  ModelConfig config = small(published_unet());
  config.pool_kernel = 3;
  config.encoder_channels = {4, 6, 8};
  const auto encoder = make_encoder(config);
  EXPECT_THAT(encoder->strides(), ElementsAre(1, 3, 9));
  const auto maps = encoder->forward(torch::rand({2, 3, 28, 20}));
  EXPECT_THAT(maps[0].sizes(), ElementsAre(2, 4, 28, 20));
  EXPECT_THAT(maps[1].sizes(), ElementsAre(2, 6, 10, 7));
  EXPECT_THAT(maps[2].sizes(), ElementsAre(2, 8, 4, 3));
}

TEST(ConvNet, LogitsHaveTheSizeOfTheImageAtAnySize) {
  const torch::NoGradGuard no_grad;
  for (const ModelConfig& published : {published_segnet(), published_unet()}) {
    for (const int pool : {2, 3}) {
      for (const auto& [height, width] : {std::pair{32, 48}, std::pair{45, 61}, std::pair{17, 1}}) {
        ModelConfig config = small(published);
        config.pool_kernel = pool;
        config.upsample = "transposed";
        const Tensor logits =
            net_of(config)->forward(torch::rand({2, 3, height, width})).logits;
        EXPECT_THAT(logits.sizes(), ElementsAre(2, kLeaves, height, width))
            << config.decoder << ", pooling " << pool;
      }
    }
  }
}

// One value in the last map, alone in its window: it comes back at its own place only.
TEST(SegNet, PutsValuesBackWhereTheMaximaWere) {
  ModelConfig config = small(published_segnet());
  config.encoder_channels = {1, 1};
  config.decoder_channels = 1;
  config.block_depth = 1;
  config.conv_kernel = 1;
  config.batch_norm = false;
  const auto encoder = make_encoder(config);
  const auto decoder = make_decoder(config, *encoder);
  {
    const torch::NoGradGuard no_grad;
    for (Tensor& parameter : decoder->parameters()) parameter.fill_(parameter.dim() == 4 ? 1 : 0);
  }
  Tensor fine = torch::zeros({1, 1, 5, 6}), coarse = torch::zeros({1, 1, 3, 3});
  fine.index_put_({0, 0, 3, 4}, 0.5);    // window (1, 2), lower left
  fine.index_put_({0, 0, 4, 1}, 0.5);    // window (2, 0), which the odd height cuts: right
  coarse.index_put_({0, 0, 1, 2}, 7.0);
  coarse.index_put_({0, 0, 2, 0}, 9.0);
  Tensor expected = torch::zeros({1, 1, 5, 6});
  expected.index_put_({0, 0, 3, 4}, 7.0);
  expected.index_put_({0, 0, 4, 1}, 9.0);
  EXPECT_TRUE(decoder->forward({fine, coarse}).equal(expected));
}

TEST(ConvNet, GradientsReachEveryParameter) {
  for (const ModelConfig& published : {published_segnet(), published_unet()}) {
    for (const std::string activation : {"relu", "leaky_relu", "elu", "gelu", "silu", "tanh"}) {
      for (const bool batch_norm : {true, false}) {
        ModelConfig config = small(published);
        config.activation = activation;
        config.batch_norm = batch_norm;
        config.upsample = activation == "elu" ? "transposed" : "nearest";
        config.auxiliary_weight = 0.4;
        Segmenter net = net_of(config);
        const Prediction prediction = net->forward(torch::rand({2, 3, 37, 42}));
        (prediction.logits.square().mean() + prediction.auxiliary.square().mean()).backward();
        for (const auto& parameter : net->named_parameters()) {
          const Tensor& grad = parameter.value().grad();
          const std::string name = config.decoder + " " + activation + ": " + parameter.key();
          ASSERT_TRUE(grad.defined()) << name;
          EXPECT_TRUE(grad.isfinite().all().item<bool>()) << name;
          EXPECT_GT(grad.abs().max().item<double>(), 0) << name;
        }
      }
    }
  }
}

TEST(ConvNet, ActivationsDiffer) {
  const Tensor images = torch::rand({2, 3, 32, 32});
  std::vector<Tensor> seen;
  for (const std::string activation : {"relu", "leaky_relu", "elu", "gelu", "silu", "tanh"}) {
    ModelConfig config = small(published_unet());
    config.activation = activation;
    const Tensor logits = net_of(config)->forward(images).logits;
    for (const Tensor& other : seen) EXPECT_FALSE(logits.equal(other)) << activation;
    seen.push_back(logits);
  }
}

// Summing over one process alone changes nothing but the code that runs.
TEST(ConvNet, SynchronisedBatchNormReachesEveryBlock) {
  for (const ModelConfig& published : {published_segnet(), published_unet()}) {
    const Tensor images = torch::rand({2, 3, 32, 32});
    Segmenter alone = net_of(small(published)), shared = net_of(small(published));
    int sums = 0;
    synchronise_batch_norm(*shared, [&](Tensor&) { ++sums; });
    const Tensor expected = alone->forward(images).logits, found = shared->forward(images).logits;
    // 2 convolutions a block; 4 and 4 blocks of SegNet, 5 and 4 of UNet.
    EXPECT_EQ(sums, published.decoder == "unet" ? 18 : 16);
    // float32 through 18 layers; a layer left out of 2 images' statistics is off by 1.
    EXPECT_LT(relative_error(found, expected), 1e-3);
  }
}

TEST(ConvNet, Bfloat16RoundsTheLayersButNotTheLogits) {
  for (const ModelConfig& published : {published_segnet(), published_unet()}) {
    const Tensor images = torch::rand({2, 3, 48, 48});
    Segmenter half = net_of(small(published)), full = net_of(small(published));
    half->compute_in(torch::kBFloat16);
    half->forward(images).logits.square().mean().backward();
    for (const auto& parameter : half->named_parameters()) {
      EXPECT_EQ(parameter.value().grad().scalar_type(), torch::kFloat32) << parameter.key();
    }
    // Compared in evaluation: batch norms of four channels' batches would multiply the rounding.
    randomise_batch_norm(*full);
    ASSERT_TRUE(load_state(*half, state_of(*full)).complete());
    half->eval();
    full->eval();
    const torch::NoGradGuard no_grad;
    const Tensor found = half->forward(images).logits, expected = full->forward(images).logits;
    EXPECT_EQ(found.scalar_type(), torch::kFloat32);
    EXPECT_FALSE(found.to(torch::kBFloat16).to(torch::kFloat32).equal(found));
    EXPECT_FALSE(found.equal(expected));
    // Some 18 layers of relative rounding 2^-8; in SegNet a maximum may move to a neighbour as
    // well.
    const Tensor centred = expected - expected.mean({0, 2, 3}, /*keepdim=*/true);
    EXPECT_LT(((found - expected).norm() / centred.norm()).item<double>(), 0.2);
  }
}

TEST(ConvNet, RefusesOptionsOutOfRange) {
  const auto broken = [](auto change) {
    ModelConfig config = small(published_segnet());
    change(config);
    EXPECT_THROW((void)net_of(config), c10::ValueError);
  };
  broken([](ModelConfig& c) { c.encoder_channels = {8}; });
  broken([](ModelConfig& c) { c.encoder_channels = {8, 0}; });
  broken([](ModelConfig& c) { c.pool_kernel = 1; });
  broken([](ModelConfig& c) { c.decoder_channels = 0; });
  broken([](ModelConfig& c) { c.conv_kernel = 2; });
}

}  // namespace gyroseg::convnet_test
