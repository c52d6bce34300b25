#include <unistd.h>

#include "gyroseg/models/weights.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/container/sequential.h>
#include <torch/nn/modules/conv.h>
#include <torch/types.h>

#include <filesystem>
#include <string>

#include "gyroseg/models/memory_format.h"
#include "gyroseg/models/resnet.h"
#include "gyroseg/models/safetensors.h"

namespace gyroseg::weights_test {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using torch::Tensor;

torch::nn::Sequential small_net() {
  return torch::nn::Sequential(torch::nn::Conv2d(2, 3, 3), torch::nn::BatchNorm2d(3));
}

TEST(Weights, StateHoldsParametersAndBuffers) {
  auto net = small_net();
  const auto state = state_of(*net);
  std::vector<std::string> names;
  for (const auto& entry : state) names.push_back(entry.first);
  EXPECT_THAT(names, ElementsAre("0.bias", "0.weight", "1.bias", "1.num_batches_tracked",
                                 "1.running_mean", "1.running_var", "1.weight"));
  EXPECT_FALSE(state.at("0.weight").requires_grad());
  EXPECT_EQ(count_parameters(*net), 2 * 3 * 9 + 3 + 3 + 3);
}

TEST(Weights, LoadCopiesWhatFitsAndReportsTheRest) {
  auto net = small_net();
  const Tensor before = state_of(*net).at("1.weight").clone();
  std::map<std::string, Tensor> file = state_of(*small_net());
  file.at("0.weight") = torch::rand({3, 2, 3, 3}, torch::kFloat64);
  file.at("0.bias") = torch::rand({4});
  file.at("1.num_batches_tracked") = torch::tensor(7.0);
  file.erase("1.weight");
  file.emplace("2.weight", torch::rand({1}));

  const LoadReport report = load_state(*net, file);

  EXPECT_THAT(report.loaded, ElementsAre("0.weight", "1.bias", "1.running_mean", "1.running_var"));
  EXPECT_THAT(report.missing, ElementsAre("1.weight"));
  EXPECT_THAT(report.unexpected, ElementsAre("2.weight"));
  EXPECT_THAT(report.mismatched,
              ElementsAre("0.bias (file [4] Float, model [3] Float)",
                          "1.num_batches_tracked (file [] Float, model [] Long)"));
  EXPECT_FALSE(report.complete());
  const auto state = state_of(*net);
  EXPECT_TRUE(state.at("0.weight").equal(file.at("0.weight").to(torch::kFloat32)));
  EXPECT_TRUE(state.at("1.weight").equal(before));
  EXPECT_EQ(describe(report),
            "loaded 4; missing 1: 1.weight; unexpected 1: 2.weight; mismatched 2: "
            "0.bias (file [4] Float, model [3] Float), "
            "1.num_batches_tracked (file [] Float, model [] Long)");
}

TEST(Weights, APrefixPicksOnePart) {
  auto net = small_net();
  std::map<std::string, Tensor> file;
  for (const auto& [name, value] : state_of(*small_net())) file.emplace("encoder." + name, value);
  file.emplace("decoder.weight", torch::rand({1}));
  const LoadReport report = load_state(*net, file, "encoder.");
  EXPECT_TRUE(report.complete()) << describe(report);
  EXPECT_EQ(report.loaded.size(), 7u);
  EXPECT_TRUE(state_of(*net).at("0.weight").equal(file.at("encoder.0.weight")));
}

TEST(Weights, LongListsAreCut) {
  LoadReport report;
  for (int i = 0; i < 8; ++i) report.missing.push_back(c10::str("p", i));
  EXPECT_EQ(describe(report), "loaded 0; missing 8: p0, p1, p2, p3, p4 and 3 more");
}

TEST(Weights, LoadKeepsTheLayout) {
  auto net = small_net();
  use_channels_last(*net);
  ASSERT_TRUE(load_state(*net, state_of(*small_net())).complete());
  EXPECT_TRUE(net->named_parameters()["0.weight"].is_contiguous(at::MemoryFormat::ChannelsLast));
}

class Pretrained : public ::testing::Test {
 protected:
  Pretrained() : path_(std::filesystem::path(::testing::TempDir()) / ("pretrained_" + std::to_string(::getpid()) + ".safetensors")) {}
  ~Pretrained() override { std::filesystem::remove(path_); }

  std::filesystem::path path_;
};

TEST_F(Pretrained, OldFilesWithAClassifierLoad) {
  const auto source = make_resnet(18, 32);
  TensorFile file{state_of(*source), {}};
  std::erase_if(file.tensors, [](const auto& entry) {
    return entry.first.ends_with("num_batches_tracked");
  });
  file.tensors["fc.weight"] = torch::rand({10, 512});
  file.tensors["fc.bias"] = torch::rand({10});
  write_safetensors(path_, file);

  const auto encoder = make_resnet(18, 16);
  const LoadReport report = load_pretrained(*encoder, path_);
  EXPECT_EQ(report.loaded.size(), file.tensors.size() - 2);
  const auto state = state_of(*encoder);
  for (const auto& name : report.loaded) EXPECT_TRUE(state.at(name).equal(file.tensors.at(name)));
}

TEST_F(Pretrained, AnotherNetIsOneClearLine) {
  write_safetensors(path_, {state_of(*make_resnet(18, 32)), {}});
  const auto encoder = make_resnet(34, 16);
  try {
    load_pretrained(*encoder, path_);
    FAIL() << "no error";
  } catch (const WeightsError& error) {
    EXPECT_THAT(error.what(), HasSubstr(path_.string() + ": not the weights of this encoder"));
    EXPECT_THAT(error.what(), HasSubstr("missing"));
    EXPECT_THAT(std::string(error.what()), ::testing::Not(HasSubstr("\n")));
  }
}

// As torch.nn.DataParallel names it.
TEST_F(Pretrained, AWrappedNetLoads) {
  const auto source = make_resnet(18, 32);
  TensorFile file;
  for (const auto& [name, tensor] : state_of(*source)) file.tensors["module." + name] = tensor;
  file.tensors["module.fc.weight"] = torch::rand({10, 512});
  write_safetensors(path_, file);
  const auto encoder = make_resnet(18, 16);
  EXPECT_EQ(describe(load_pretrained(*encoder, path_)), "loaded 120; unexpected 1: fc.weight");
  EXPECT_TRUE(state_of(*encoder).at("conv1.weight").equal(file.tensors.at("module.conv1.weight")));
}

TEST_F(Pretrained, AWholeNetworkIsForAnotherKey) {
  TensorFile file;
  for (const auto& [name, tensor] : state_of(*make_resnet(18, 32))) file.tensors["encoder." + name] = tensor;
  write_safetensors(path_, file);
  const auto encoder = make_resnet(18, 16);
  try {
    load_pretrained(*encoder, path_);
    FAIL() << "no error";
  } catch (const WeightsError& error) {
    EXPECT_THAT(error.what(), HasSubstr("a whole network starts from training.init_from"));
  }
}

}  // namespace gyroseg::weights_test
