#include "gyroseg/models/pointwise.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>
#include <torch/utils.h>

#include "gyroseg/models/segmenter.h"
#include "module_checks.h"

namespace gyroseg::pointwise_test {

using torch::Tensor;
using torch::indexing::Slice;

Segmenter control_network() {
  torch::manual_seed(0);
  ModelConfig model;
  model.encoder = "pointwise";
  model.decoder = "pointwise";
  model.auxiliary_weight = 0;
  Segmenter net(model, EmbeddingConfig{}, ClassifierConfig{}, SegmenterShape{7, 10});
  randomise_batch_norm(*net);
  net->eval();
  return net;
}

TEST(Pointwise, AnOutputSeesOnePixel) {
  Segmenter net = control_network();
  Tensor images = torch::rand({1, 3, 9, 11}, torch::requires_grad());
  const Tensor logits = net->forward(images).logits;
  ASSERT_THAT(logits.sizes(), ::testing::ElementsAre(1, 7, 9, 11));
  for (const auto& [y, x] : {std::pair{0, 0}, std::pair{4, 7}, std::pair{8, 10}}) {
    images.mutable_grad() = Tensor();
    logits.index({0, Slice(), y, x}).square().sum().backward({}, /*retain_graph=*/true);
    const Tensor reached = images.grad().abs().sum({0, 1}).nonzero();
    EXPECT_TRUE(reached.equal(torch::tensor({{y, x}}, torch::kInt64)));
  }
}

TEST(Pointwise, MovingPixelsMovesTheOutputs) {
  const torch::NoGradGuard no_grad;
  Segmenter net = control_network();
  const Tensor images = torch::rand({1, 3, 6, 8});
  const Tensor order = torch::randperm(48);
  const auto shuffle = [&](const Tensor& maps) {
    return maps.flatten(2).index_select(2, order).reshape(maps.sizes());
  };
  const Tensor expected = shuffle(net->forward(images).logits);
  // The same float32 sums; a matrix product may block them differently at another place.
  EXPECT_LT(relative_error(net->forward(shuffle(images)).logits, expected), 1e-6);
}

}  // namespace gyroseg::pointwise_test
