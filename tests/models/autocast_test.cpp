#include "gyroseg/models/autocast.h"

#include <gtest/gtest.h>
#include <torch/types.h>
#include <torch/utils.h>

#include "gyroseg/models/segmenter.h"

namespace gyroseg::autocast_test {

using torch::Tensor;

const SegmenterShape kShape{7, 11, /*with_embedding=*/true};

Segmenter small_net(const std::string& classifier_input, torch::Dtype dtype) {
  torch::manual_seed(3);
  ModelConfig model;
  model.aspp_channels = model.decoder_channels = 32;
  ClassifierConfig classifier;
  classifier.input = classifier_input;
  Segmenter net(model, EmbeddingConfig{.space = "poincare", .dim = 8, .curvature = 1.0}, classifier,
                kShape);
  net->compute_in(dtype);
  return net;
}

std::vector<Tensor> maps_of(const Prediction& prediction) {
  return {prediction.logits, prediction.embedding, prediction.auxiliary};
}

bool is_rounded_to_bfloat16(const Tensor& x) {
  return x.to(torch::kBFloat16).to(x.scalar_type()).equal(x);
}

TEST(Autocast, ChangesConvolutionsWhileItLivesAndNests) {
  const Tensor x = torch::rand({1, 2, 4, 4}), kernel = torch::rand({3, 2, 1, 1});
  const auto dtype = [&] { return torch::conv2d(x, kernel).scalar_type(); };
  {
    const Autocast on(torch::kCPU, torch::kBFloat16);
    EXPECT_EQ(dtype(), torch::kBFloat16);
    {
      const Autocast off(torch::kCPU, torch::kFloat32);
      EXPECT_EQ(dtype(), torch::kFloat32);
    }
    EXPECT_EQ(dtype(), torch::kBFloat16);
  }
  EXPECT_EQ(dtype(), torch::kFloat32);
  EXPECT_THROW(Autocast(torch::kCPU, torch::kFloat16), c10::ValueError);
}

// A weight changes in place between steps: a cast kept from the step before would be the old weight.
TEST(Autocast, KeepsNoWeightPastItsEnd) {
  const Tensor x = torch::ones({1, 2, 4, 4});
  Tensor kernel = torch::ones({3, 2, 1, 1}).requires_grad_();
  for (const double value : {1.0, 2.0}) {
    kernel.data().fill_(value);
    const Autocast on(torch::kCPU, torch::kBFloat16);
    EXPECT_EQ(torch::conv2d(x, kernel).max().item<double>(), 2 * value);
  }
}

TEST(Bfloat16Segmenter, WhatLossesReadIsFloat32AndNotRounded) {
  for (const std::string input : {"features", "embedding"}) {
    const Tensor images = torch::rand({2, 3, 48, 48});
    for (const Tensor& map : maps_of(small_net(input, torch::kBFloat16)->forward(images))) {
      EXPECT_EQ(map.scalar_type(), torch::kFloat32);
      EXPECT_FALSE(is_rounded_to_bfloat16(map));
    }
  }
}

TEST(Bfloat16Segmenter, DiffersFromFloat32ByItsRounding) {
  torch::manual_seed(76);
  const Tensor images = torch::rand({2, 3, 48, 48});
  for (const bool training : {true, false}) {
    Segmenter half = small_net("embedding", torch::kBFloat16);
    Segmenter full = small_net("embedding", torch::kFloat32);
    half->train(training);
    full->train(training);
    const Tensor a = half->forward(images).logits, b = full->forward(images).logits;
    EXPECT_FALSE(a.equal(b));
    // Some 25 layers of relative rounding 2^-8 each; batch norm over the 18 values of the smallest
    // maps multiplies it. A wrong layer is off by 1.
    EXPECT_LT((a - b).norm().item<double>(), 0.2 * b.norm().item<double>());
  }
}

TEST(Bfloat16Segmenter, GradientsArriveInFloat32) {
  Segmenter net = small_net("embedding", torch::kBFloat16);
  Tensor loss;
  for (const Tensor& map : maps_of(net->forward(torch::rand({2, 3, 48, 48})))) {
    loss = loss.defined() ? loss + map.square().mean() : map.square().mean();
  }
  loss.backward();
  for (const auto& parameter : net->named_parameters()) {
    const Tensor& grad = parameter.value().grad();
    ASSERT_TRUE(grad.defined()) << parameter.key();
    EXPECT_EQ(grad.scalar_type(), torch::kFloat32) << parameter.key();
    EXPECT_TRUE(grad.isfinite().all().item<bool>()) << parameter.key();
  }
}

TEST(Float32Segmenter, StaysSoWithinTheCallersAutocast) {
  const Tensor images = torch::rand({2, 3, 48, 48});
  const Tensor plain = small_net("features", torch::kFloat32)->forward(images).logits;
  const Autocast on(torch::kCPU, torch::kBFloat16);
  EXPECT_TRUE(small_net("features", torch::kFloat32)->forward(images).logits.equal(plain));
}

}  // namespace gyroseg::autocast_test
