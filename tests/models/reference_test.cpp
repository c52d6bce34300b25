// The same weights through Python: its safetensors package, torchvision's networks, the peer's
// network.

#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/nn/functional/loss.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <cstdlib>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "gyroseg/models/resnet.h"
#include "gyroseg/models/safetensors.h"
#include "gyroseg/models/segmenter.h"
#include "gyroseg/models/weights.h"
#include "module_checks.h"

namespace gyroseg::reference_test {

namespace fs = std::filesystem;
using torch::Tensor;

// Float64 on both sides: what differs is the order of sums, through up to 60 layers and back.
constexpr double kTolerance = 1e-9;

const fs::path kSource = GYROSEG_SOURCE_DIR;
const fs::path kPeer = kSource / "../shared/peers/step_torch.py";

int shell(const std::string& command) { return std::system(command.c_str()); }

class Reference : public ::testing::Test {
 protected:
  /// Writes every input, runs Python once, leaves its outputs in the folder.
  static void SetUpTestSuite() {
    const fs::path own = kSource / ".venv/bin/python";
    const std::string python = fs::exists(own) ? "'" + own.string() + "'" : "python3";
    if (shell(python + " -c 'import torch, safetensors.torch' 2>/dev/null") != 0) return;
    // ctest runs each test in a process of its own, several at a time.
    folder_ = fs::path(::testing::TempDir()) / ("gyroseg_reference_" + std::to_string(::getpid()));
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    torch::manual_seed(0);
    write_dtypes();
    write_resnet(18, 32);
    write_resnet(50, 8);
    write_peer();
    write_steps();
    std::string command = python + " '" + (kSource / "tests/models/reference.py").string() + "' '" +
                          folder_.string() + "'";
    if (fs::exists(kPeer)) command += " '" + kPeer.string() + "'";
    exit_status_ = shell(command);
  }

  static void TearDownTestSuite() {
    if (!folder_.empty()) fs::remove_all(folder_);
    net_ = nullptr;
    nets_.clear();
  }

  void SetUp() override {
    if (folder_.empty()) GTEST_SKIP() << "no Python with torch and safetensors";
    ASSERT_EQ(exit_status_, 0) << "tests/models/reference.py failed";
  }

  static TensorFile input(const std::string& name) {
    return read_safetensors(folder_ / (name + ".in.safetensors"));
  }
  static TensorFile output(const std::string& name) {
    return read_safetensors(folder_ / (name + ".out.safetensors"));
  }

  static void check_resnet(const std::string& name, int depth, int output_stride) {
    const torch::NoGradGuard no_grad;
    TensorFile file = input(name);
    const Tensor images = file.tensors.extract("input").mapped();
    const auto encoder = make_resnet(depth, output_stride);
    encoder->to(torch::kFloat64);
    encoder->eval();
    ASSERT_TRUE(load_state(*encoder, file.tensors).complete());
    const Tensor expected = output(name).tensors.at("output");
    const Tensor found = encoder->forward(images).back();
    ASSERT_EQ(found.sizes(), expected.sizes());
    EXPECT_LT(relative_error(found, expected), kTolerance);
  }

  /// One training step from NAME.in.safetensors, then evaluation, against Python's
  /// NAME.out.safetensors.
  static void check_training_step(const std::string& name, Segmenter& net) {
    const TensorFile in = input(name);
    const TensorFile out = output(name);
    const Tensor& labels = in.tensors.at("labels");
    const auto logits = [&] {
      return torch::upsample_bilinear2d(net->forward(in.tensors.at("input")).logits,
                                        {labels.size(1), labels.size(2)}, /*align_corners=*/false);
    };
    const Tensor loss = torch::nn::functional::cross_entropy(logits(), labels);
    loss.backward();
    EXPECT_LT(relative_error(loss.detach(), out.tensors.at("loss")), kTolerance);
    for (const auto& parameter : net->named_parameters()) {
      const Tensor& expected = out.tensors.at("gradient." + parameter.key());
      EXPECT_LT(relative_error(parameter.value().grad(), expected), kTolerance) << parameter.key();
    }
    for (const auto& buffer : net->named_buffers()) {
      const Tensor expected = out.tensors.at("buffer." + buffer.key()).to(torch::kFloat64);
      EXPECT_LT(relative_error(buffer.value().to(torch::kFloat64), expected), kTolerance)
          << buffer.key();
    }
    const torch::NoGradGuard no_grad;
    net->eval();
    EXPECT_LT(relative_error(logits(), out.tensors.at("logits")), kTolerance);
  }

  static Segmenter net_;  ///< with the weights of peer.in.safetensors
  static std::map<std::string, Segmenter> nets_;  ///< of step_NAME.in.safetensors

 private:
  static void write(const std::string& name, const TensorFile& file) {
    write_safetensors(folder_ / (name + ".in.safetensors"), file);
  }

  static void write_dtypes() {
    TensorFile file;
    for (const auto dtype : {torch::kFloat64, torch::kFloat32, torch::kFloat16, torch::kBFloat16,
                             torch::kInt64, torch::kInt32, torch::kInt16, torch::kInt8,
                             torch::kUInt8, torch::kBool}) {
      file.tensors[c10::toString(dtype)] = torch::randint(0, 100, {3, 5}).to(dtype);
    }
    file.tensors["scalar"] = torch::tensor(0.5);
    file.tensors["empty"] = torch::empty({0, 3});
    file.metadata["by"] = "C++";
    write("dtypes", file);
  }

  static void write_resnet(int depth, int output_stride) {
    const auto encoder = make_resnet(depth, output_stride);
    encoder->to(torch::kFloat64);
    randomise_batch_norm(*encoder);
    TensorFile file{state_of(*encoder), {}};
    file.tensors["input"] = torch::randn({1, 3, 65, 80}, torch::kFloat64);
    write("resnet" + std::to_string(depth), file);
  }

  static void write_peer() {
    ModelConfig model;
    model.auxiliary_weight = 0;
    net_ = Segmenter(model, EmbeddingConfig{}, ClassifierConfig{}, SegmenterShape{11, 11});
    net_->to(torch::kFloat64);
    randomise_batch_norm(*net_);
    TensorFile file{state_of(*net_), {}};
    // The peer registers its modules in the same order, under other names.
    std::string& parameters = file.metadata["parameters"];
    std::string& buffers = file.metadata["buffers"];
    for (const auto& item : net_->named_parameters()) append(parameters, item.key());
    for (const auto& item : net_->named_buffers()) append(buffers, item.key());
    file.tensors["input"] = torch::randn({2, 3, 46, 60}, torch::kFloat64);
    file.tensors["labels"] = torch::randint(0, 11, {2, 46, 60});
    write("peer", file);
  }

  /// A net for Python to build from its options and to load by our names; `activation` as
  /// torch.nn's.
  static void write_step(const std::string& name, ModelConfig model,
                         const std::string& activation) {
    model.auxiliary_weight = 0;
    Segmenter net(model, EmbeddingConfig{}, ClassifierConfig{}, SegmenterShape{11, 11});
    net->to(torch::kFloat64);
    randomise_batch_norm(*net);
    TensorFile file{state_of(*net), {}};
    const nlohmann::json options = {{"encoder", model.encoder},
                                    {"decoder", model.decoder},
                                    {"encoder_channels", model.encoder_channels},
                                    {"decoder_channels", model.decoder_channels},
                                    {"pool_kernel", model.pool_kernel},
                                    {"unet_channels", model.unet_channels},
                                    {"upsample", model.upsample},
                                    {"block_depth", model.block_depth},
                                    {"conv_kernel", model.conv_kernel},
                                    {"batch_norm", model.batch_norm},
                                    {"activation", activation}};
    file.metadata["options"] = options.dump();
    // Odd sizes: pooling rounds up, and what a step enlarges is cut.
    file.tensors["input"] = torch::randn({2, 3, 45, 61}, torch::kFloat64);
    file.tensors["labels"] = torch::randint(0, 11, {2, 45, 61});
    write(name, file);
    nets_.emplace(name, net);
  }

  static void write_steps() {
    ModelConfig model;
    model.decoder = "unet";
    model.output_stride = 32;
    model.unet_channels = {48, 32, 24, 16, 8};
    write_step("step_unet_resnet18", model, "ReLU");
    model.encoder = "convnet";
    model.encoder_channels = {4, 8, 12, 16};
    model.unet_channels = {16, 8, 4};
    model.upsample = "bilinear";
    model.activation = "silu";
    write_step("step_unet_bilinear", model, "SiLU");
    model.upsample = "transposed";
    model.pool_kernel = 3;
    model.encoder_channels = {4, 8, 12};
    model.unet_channels = {10, 6};
    model.block_depth = 3;
    model.batch_norm = false;
    model.activation = "leaky_relu";
    write_step("step_unet_transposed", model, "LeakyReLU");
    model = {};
    model.encoder = "convnet";
    model.decoder = "segnet";
    model.encoder_channels = {4, 8, 12, 16};
    model.decoder_channels = 6;
    model.block_depth = 3;
    model.conv_kernel = 5;
    model.activation = "elu";
    write_step("step_segnet", model, "ELU");
  }

  static void append(std::string& list, const std::string& name) {
    list += (list.empty() ? "" : "\n") + name;
  }

  static fs::path folder_;
  static int exit_status_;
};

Segmenter Reference::net_{nullptr};
std::map<std::string, Segmenter> Reference::nets_;
fs::path Reference::folder_;
int Reference::exit_status_ = -1;

TEST_F(Reference, PythonReadsOursAndWeReadPythons) {
  const TensorFile ours = input("dtypes");
  const TensorFile theirs = output("dtypes");
  EXPECT_EQ(theirs.metadata.at("by"), "Python");
  ASSERT_EQ(theirs.tensors.size(), ours.tensors.size());
  for (const auto& [name, tensor] : ours.tensors) {
    EXPECT_EQ(theirs.tensors.at(name).scalar_type(), tensor.scalar_type());
    EXPECT_TRUE(theirs.tensors.at(name).equal(tensor)) << name;
  }
}

TEST_F(Reference, ResNet18IsTorchvisions) { check_resnet("resnet18", 18, 32); }

TEST_F(Reference, DilatedResNet50IsTorchvisions) { check_resnet("resnet50", 50, 8); }

TEST_F(Reference, ATrainingStepOfThePeer) {
  if (!fs::exists(kPeer)) GTEST_SKIP() << kPeer << " is missing";
  check_training_step("peer", net_);
}

TEST_F(Reference, TrainingStepsOfUNetAndSegNet) {
  ASSERT_EQ(nets_.size(), 4U);
  for (auto& [name, net] : nets_) {
    SCOPED_TRACE(name);
    check_training_step(name, net);
  }
}

}  // namespace gyroseg::reference_test
