#include "gyroseg/training/optimizer.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>

#include "gyroseg/training/weight_average.h"

namespace gyroseg {
namespace {

// Two SGD steps by hand: b1 = g + wd w, w1 = w - lr b1, b2 = m b1 + g + wd w1.
TEST(MakeOptimizer, SgdFollowsItsRecurrence) {
  torch::nn::Linear layer(torch::nn::LinearOptions(1, 1).bias(false));
  layer->weight.data().fill_(2.0);
  OptimizerConfig options;
  options.lr = 0.1;
  options.momentum = 0.5;
  options.weight_decay = 0.01;
  const auto optimizer = make_optimizer(options, *layer);
  double w = 2.0;
  double buffer = 0.0;
  for (int step = 0; step < 2; ++step) {
    optimizer->zero_grad();
    (3.0 * layer->weight).sum().backward();
    optimizer->step();
    buffer = (step == 0 ? 0.0 : 0.5 * buffer) + 3.0 + 0.01 * w;
    w -= 0.1 * buffer;
  }
  EXPECT_NEAR(layer->weight.item<double>(), w, 1e-6);  // float32 arithmetic
  EXPECT_NEAR(optimizer_state(*optimizer, *layer).at("weight/momentum_buffer").item<double>(), buffer, 1e-6);
}

TEST(MakeOptimizer, UnknownNameIsRefused) {
  torch::nn::Linear layer(1, 1);
  OptimizerConfig options;
  options.name = "adagrad";
  EXPECT_THROW(make_optimizer(options, *layer), c10::ValueError);
}

TEST(OptimizerState, RoundTripsAndRefusesOtherShapes) {
  for (const std::string name : {"sgd", "adamw"}) {
    torch::manual_seed(1);
    torch::nn::Linear layer(3, 2);
    OptimizerConfig options;
    options.name = name;
    const auto optimizer = make_optimizer(options, *layer);
    layer->forward(torch::randn({4, 3})).sum().backward();
    optimizer->step();
    const auto state = optimizer_state(*optimizer, *layer);
    EXPECT_EQ(state.size(), name == "sgd" ? 2U : 6U);
    const auto other = make_optimizer(options, *layer);
    load_optimizer_state(*other, *layer, state);
    for (const auto& [key, tensor] : optimizer_state(*other, *layer)) {
      EXPECT_TRUE(torch::equal(tensor, state.at(key))) << key;
    }
    torch::nn::Linear wider(4, 2);
    const auto wrong = make_optimizer(options, *wider);
    EXPECT_THROW(load_optimizer_state(*wrong, *wider, state), c10::ValueError);
  }
}

TEST(WeightAverage, FollowsItsRecurrenceAndSwapsBothWays) {
  torch::nn::Linear layer(torch::nn::LinearOptions(1, 1).bias(false));
  layer->weight.data().fill_(0.0);
  WeightAverage average(*layer, 0.9);
  double expected = 0.0;
  for (int i = 0; i < 200; ++i) {
    layer->weight.data().fill_(static_cast<float>(i));
    average.update(*layer);
    const double decay = std::min(0.9, (1.0 + i) / (10.0 + i));
    expected = decay * expected + (1 - decay) * i;
  }
  average.swap(*layer);
  EXPECT_NEAR(layer->weight.item<double>(), expected, 1e-3);  // 200 float32 roundings of values near 200
  average.swap(*layer);
  EXPECT_EQ(layer->weight.item<float>(), 199.0F);
}

}  // namespace
}  // namespace gyroseg
