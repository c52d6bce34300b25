#include "gyroseg/models/resnet.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/nn/module.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "gyroseg/models/weights.h"
#include "module_checks.h"

namespace gyroseg::resnet_test {

using torch::Tensor;
using torch::indexing::None;
using torch::indexing::Slice;

/// Published parameter counts of torchvision's nets, less their last linear layer of 1000 classes.
struct Published {
  int depth;
  std::int64_t parameters;
  int channels;
};

constexpr Published kPublished[] = {{18, 11'689'512, 512},
                                    {34, 21'797'672, 512},
                                    {50, 25'557'032, 2048},
                                    {101, 44'549'160, 2048},
                                    {152, 60'192'808, 2048}};

TEST(ResNet, CountsAreTorchvisions) {
  for (const Published& net : kPublished) {
    const auto encoder = make_resnet(net.depth, 32);
    const std::int64_t linear = std::int64_t{net.channels} * 1000 + 1000;
    EXPECT_EQ(count_parameters(*encoder), net.parameters - linear) << "ResNet-" << net.depth;
    EXPECT_EQ(encoder->channels().back(), net.channels);
  }
}

/// torchvision's state_dict names without fc, by its rule.
std::set<std::string> torchvision_names(const std::vector<int>& depths, int convs_per_block,
                                        bool first_layer_has_shortcut) {
  std::set<std::string> names;
  const auto add_bn = [&](const std::string& bn) {
    for (const char* part :
         {"weight", "bias", "running_mean", "running_var", "num_batches_tracked"}) {
      names.insert(bn + "." + part);
    }
  };
  names.insert("conv1.weight");
  add_bn("bn1");
  for (std::size_t layer = 1; layer <= depths.size(); ++layer) {
    for (int i = 0; i < depths[layer - 1]; ++i) {
      const std::string block = "layer" + std::to_string(layer) + "." + std::to_string(i) + ".";
      for (int k = 1; k <= convs_per_block; ++k) {
        names.insert(block + "conv" + std::to_string(k) + ".weight");
        add_bn(block + "bn" + std::to_string(k));
      }
      if (i == 0 && (layer > 1 || first_layer_has_shortcut)) {
        names.insert(block + "downsample.0.weight");
        add_bn(block + "downsample.1");
      }
    }
  }
  return names;
}

std::set<std::string> names_of(const torch::nn::Module& module) {
  std::set<std::string> names;
  for (const auto& entry : state_of(module)) names.insert(entry.first);
  return names;
}

TEST(ResNet, NamesAreTorchvisions) {
  EXPECT_EQ(names_of(*make_resnet(18, 16)), torchvision_names({2, 2, 2, 2}, 2, false));
  EXPECT_EQ(names_of(*make_resnet(34, 16)), torchvision_names({3, 4, 6, 3}, 2, false));
  EXPECT_EQ(names_of(*make_resnet(50, 8)), torchvision_names({3, 4, 6, 3}, 3, true));
  EXPECT_EQ(names_of(*make_resnet(101, 16)), torchvision_names({3, 4, 23, 3}, 3, true));
  EXPECT_EQ(names_of(*make_resnet(152, 32)), torchvision_names({3, 8, 36, 3}, 3, true));
}

class ResNetShapes : public ::testing::TestWithParam<std::tuple<int, int>> {};

TEST_P(ResNetShapes, EveryStageHasItsStrideAndChannels) {
  const auto [depth, output_stride] = GetParam();
  const torch::NoGradGuard no_grad;
  const auto encoder = make_resnet(depth, output_stride);
  encoder->eval();
  const int expansion = depth < 50 ? 1 : 4;
  EXPECT_THAT(encoder->channels(), ::testing::ElementsAre(64 * expansion, 128 * expansion,
                                                          256 * expansion, 512 * expansion));
  EXPECT_EQ(encoder->strides().back(), output_stride);
  for (const auto& [height, width] : {std::pair{64, 32}, std::pair{45, 61}}) {
    const auto stages = encoder->forward(torch::rand({1, 3, height, width}));
    ASSERT_EQ(stages.size(), 4u);
    for (std::size_t i = 0; i < 4; ++i) {
      const int stride = encoder->strides()[i];
      EXPECT_EQ(stride, std::min(4 << i, output_stride));
      EXPECT_THAT(stages[i].sizes(),
                  ::testing::ElementsAre(1, encoder->channels()[i], (height + stride - 1) / stride,
                                         (width + stride - 1) / stride));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Nets, ResNetShapes,
                         ::testing::Combine(::testing::Values(18, 34, 50, 101),
                                            ::testing::Values(8, 16, 32)));

/// Dilation in place of stride computes the strided net's values, and those between them.
TEST(ResNet, DilatedMapsContainTheStridedOnes) {
  for (const int depth : {18, 50}) {
    torch::manual_seed(0);
    const torch::NoGradGuard no_grad;
    const auto strided = make_resnet(depth, 32);
    randomise_batch_norm(*strided);
    strided->to(torch::kFloat64);
    strided->eval();
    const Tensor images = torch::rand({1, 3, 67, 98}, torch::kFloat64);
    const Tensor expected = strided->forward(images).back();
    for (const int output_stride : {8, 16}) {
      const auto dilated = make_resnet(depth, output_stride);
      dilated->to(torch::kFloat64);
      dilated->eval();
      ASSERT_TRUE(load_state(*dilated, state_of(*strided)).complete());
      const int step = 32 / output_stride;
      const Tensor every = dilated->forward(images).back().index(
          {Slice(), Slice(), Slice(None, None, step), Slice(None, None, step)});
      ASSERT_EQ(every.sizes(), expected.sizes());
      // The same float64 sums in another order, through 50 layers.
      EXPECT_LT(relative_error(every, expected), 1e-12) << depth << " at " << output_stride;
    }
  }
}

TEST(ResNet, StartsAsTorchvisionDoes) {
  torch::manual_seed(0);
  const auto encoder = make_resnet(18, 16);
  for (const auto& parameter : encoder->named_parameters()) {
    const Tensor value = parameter.value().detach();
    if (value.dim() == 4) {
      // Normal with variance 2 / (out * kernel area); 4 standard errors of a sample deviation.
      const double expected = std::sqrt(2.0 / static_cast<double>(value.size(0) * value.size(2) *
                                                                  value.size(3)));
      const double tolerance = 4 / std::sqrt(2.0 * static_cast<double>(value.numel()));
      EXPECT_NEAR(value.std().item<double>() / expected, 1, tolerance) << parameter.key();
    } else {
      const double expected = parameter.key().ends_with("bias") ? 0 : 1;
      EXPECT_TRUE((value == expected).all().item<bool>()) << parameter.key();
    }
  }
}

TEST(ResNet, TheSameSeedGivesTheSameWeights) {
  torch::manual_seed(5);
  const auto first = state_of(*make_resnet(18, 16));
  torch::manual_seed(5);
  const auto second = state_of(*make_resnet(18, 16));
  for (const auto& [name, value] : first) EXPECT_TRUE(value.equal(second.at(name))) << name;
}

TEST(ResNet, RefusesOtherDepthsAndStrides) {
  EXPECT_THROW((void)make_resnet(20, 16), c10::ValueError);
  EXPECT_THROW((void)make_resnet(18, 4), c10::ValueError);
  EXPECT_THROW((void)make_resnet(18, 64), c10::ValueError);
}

}  // namespace gyroseg::resnet_test
