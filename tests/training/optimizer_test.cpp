#include "gyroseg/training/optimizer.h"

#include <gtest/gtest.h>
#include <torch/nn/module.h>
#include <torch/nn/modules/container/sequential.h>
#include <torch/nn/modules/conv.h>
#include <torch/nn/modules/linear.h>
#include <torch/optim/adamw.h>
#include <torch/optim/optimizer.h>
#include <torch/optim/sgd.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <cmath>

#include "gyroseg/training/weight_average.h"

namespace gyroseg::optimizer_test {

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

// Weight decay would pull c = c0 e^t back to c0, and tau likewise: t has a gradient of 0 and must stay.
TEST(MakeOptimizer, LearnedCurvatureAndTemperatureDoNotDecay) {
  for (const std::string name : {"sgd", "adamw"}) {
    torch::nn::Module model;
    const auto t = model.register_parameter("curvature", torch::full({}, 0.5, torch::kFloat64));
    const auto s = model.register_parameter("temperature", torch::full({}, 0.5));
    const auto weight = model.register_parameter("weight", torch::full({2}, 0.5));
    OptimizerConfig options;
    options.name = name;
    options.lr = 0.1;
    options.weight_decay = 0.1;
    const auto optimizer = make_optimizer(options, model);
    t.mutable_grad() = torch::zeros_like(t);
    s.mutable_grad() = torch::zeros_like(s);
    weight.mutable_grad() = torch::zeros_like(weight);
    optimizer->step();
    EXPECT_EQ(t.item<double>(), 0.5) << name;
    EXPECT_EQ(s.item<double>(), 0.5) << name;
    EXPECT_LT(weight[0].item<double>(), 0.5) << name;
    set_learning_rate(*optimizer, 0.3);
    for (const auto& group : optimizer->param_groups()) EXPECT_EQ(group.options().get_lr(), 0.3);
  }
}

// The fused steps against torch's own, operation by operation: a channels_last convolution, a weight whose
// gradient has other strides, and one that only the second half of the steps reaches.
TEST(MakeOptimizer, FusedStepsEqualTorchs) {
  const auto weights_of = [] {
    torch::manual_seed(4);
    torch::nn::Sequential net(torch::nn::Conv2d(3, 5, 3), torch::nn::Linear(4, 6), torch::nn::Linear(2, 3));
    net->to(torch::kFloat32);
    auto& kernel = net->named_parameters()["0.weight"];
    kernel.set_data(kernel.data().contiguous(torch::MemoryFormat::ChannelsLast));
    return net;
  };
  const auto train = [](torch::nn::Sequential& net, torch::optim::Optimizer& optimizer) {
    for (int step = 0; step < 6; ++step) {
      int index = 0;
      for (auto& weight : net->parameters()) {
        torch::manual_seed(100 * step + index);
        const torch::Tensor gradient = torch::randn(weight.sizes());
        const bool late = index++ >= 4 && step < 3;
        weight.mutable_grad() = late ? torch::Tensor() : gradient;
      }
      optimizer.step();
    }
  };
  for (const std::string name : {"sgd", "adamw"}) {
    OptimizerConfig options;
    options.name = name;
    options.lr = 0.01;
    options.weight_decay = 0.1;
    auto ours = weights_of(), theirs = weights_of();
    std::unique_ptr<torch::optim::Optimizer> reference;
    if (name == "sgd") {
      reference = std::make_unique<torch::optim::SGD>(
          theirs->parameters(),
          torch::optim::SGDOptions(0.01).momentum(options.momentum).weight_decay(0.1));
    } else {
      reference = std::make_unique<torch::optim::AdamW>(
          theirs->parameters(), torch::optim::AdamWOptions(0.01).weight_decay(0.1));
    }
    train(ours, *make_optimizer(options, *ours));
    train(theirs, *reference);
    const auto expected = theirs->named_parameters();
    for (const auto& weight : ours->named_parameters()) {
      const torch::Tensor gap = weight.value() - expected[weight.key()];
      EXPECT_LE(gap.abs().max().item<double>(), 1e-6) << name << " " << weight.key();
    }
  }
}

TEST(MakeOptimizer, UnknownNameIsRefused) {
  torch::nn::Linear layer(1, 1);
  OptimizerConfig options;
  options.name = "adagrad";
  EXPECT_THROW(make_optimizer(options, *layer), c10::ValueError);
}

TEST(ClipGradients, NormOfAllAndWhatIsLeft) {
  const std::vector<torch::Tensor> parameters = {torch::zeros({1}, torch::kFloat32), torch::zeros({2, 1}),
                                                 torch::zeros({3})};
  parameters[0].mutable_grad() = torch::full({1}, 3.0);
  parameters[1].mutable_grad() = torch::tensor({{4.0F}, {12.0F}});  // the third has none
  EXPECT_DOUBLE_EQ(clip_gradients(parameters, 0), 13);
  EXPECT_EQ(parameters[0].grad().item<float>(), 3);
  EXPECT_DOUBLE_EQ(clip_gradients(parameters, 6.5), 13);
  EXPECT_NEAR(parameters[0].grad().item<float>(), 1.5, 1e-6);
  EXPECT_EQ(clip_gradients({parameters[2]}, 0), 0);
  parameters[1].mutable_grad()[0][0] = std::nan("");
  EXPECT_TRUE(std::isnan(clip_gradients(parameters, 0)));
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

}  // namespace gyroseg::optimizer_test
