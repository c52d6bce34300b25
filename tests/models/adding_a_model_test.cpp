// The example of docs/adding_a_model.md, line by line.
#include <ATen/ops/cat.h>
#include <ATen/ops/upsample_nearest2d.h>
#include <gtest/gtest.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "gyroseg/models/conv_block.h"
#include "gyroseg/models/decoder.h"
#include "gyroseg/models/weights.h"
#include "support/document_lines.h"

namespace gyroseg::adding_a_model_test {

// doc begin
/// UNet's expanding half, one 3 x 3 convolution a step. returns [B, channels(), h, w] at the size
/// of the finest map.
class PlainUNet final : public Decoder {
 public:
  PlainUNet(const ModelConfig& /*config*/, const Encoder& encoder)
      : Decoder(encoder.channels().front()) {
    const std::vector<int>& widths = encoder.channels();
    for (std::size_t i = widths.size() - 1; i > 0; --i) {
      const int in = widths[i] + widths[i - 1], out = widths[i - 1];
      steps_.push_back(register_module("step" + std::to_string(steps_.size() + 1),
                                       ConvBlock(in, out, ConvOptions{.kernel = 3})));
    }
  }

  torch::Tensor forward(const std::vector<torch::Tensor>& stages) override {
    torch::Tensor x = stages.back();
    for (std::size_t i = 0; i < steps_.size(); ++i) {
      const torch::Tensor& skip = stages[stages.size() - 2 - i];
      x = at::upsample_nearest2d(x, {skip.size(2), skip.size(3)});
      x = steps_[i]->forward(at::cat({x, skip}, 1));
    }
    return x;
  }

 private:
  std::vector<ConvBlock> steps_;
};
// doc end

TEST(AddingAModel, ExampleIsTheRegisteredUNetOfOneConvolution) {
  torch::manual_seed(0);
  const auto images = torch::rand({2, 3, 45, 61});
  // doc begin
  ModelConfig config;
  config.encoder = "resnet18";
  config.decoder = "unet";  // so that the encoder gives its stem too
  const auto encoder = make_encoder(config);
  PlainUNet decoder(config, *encoder);
  const auto features = decoder.forward(encoder->forward(images));  // [2, 64, 23, 31]
  // doc end
  EXPECT_EQ(features.sizes(), (std::vector<std::int64_t>{2, 64, 23, 31}));
  features.square().mean().backward();
  for (const auto& parameter : decoder.named_parameters()) {
    EXPECT_GT(parameter.value().grad().abs().max().item<double>(), 0) << parameter.key();
  }
  config.block_depth = 1;
  const auto registered = make_decoder(config, *encoder);
  // "step1.conv.weight" -> "step1.block.0.conv.weight"
  std::map<std::string, torch::Tensor> weights;
  for (const auto& [name, tensor] : state_of(decoder)) {
    weights[name.substr(0, 6) + "block.0." + name.substr(6)] = tensor;
  }
  ASSERT_TRUE(load_state(*registered, weights).complete());
  const torch::NoGradGuard no_grad;
  encoder->eval();
  decoder.eval();
  registered->eval();
  const auto stages = encoder->forward(images);
  EXPECT_TRUE(decoder.forward(stages).equal(registered->forward(stages)));
}

TEST(AddingAModel, DocumentShowsTheseLines) {
  testing::expect_document_shows("/docs/adding_a_model.md",
                                 "/tests/models/adding_a_model_test.cpp");
}

}  // namespace gyroseg::adding_a_model_test
