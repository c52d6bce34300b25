#include "gyroseg/models/pointwise.h"

#include <c10/util/Exception.h>

#include <string>

namespace gyroseg {
namespace {

constexpr int kWidth = 64;

}  // namespace

PointwiseEncoder::PointwiseEncoder()
    : Encoder({kWidth, kWidth, kWidth, kWidth}, {1, 1, 1, 1}) {
  int in = 3;
  for (int i = 1; i <= 4; ++i) {
    stages_.push_back(register_module("stage" + std::to_string(i), ConvBlock(in, kWidth)));
    in = kWidth;
  }
}

std::vector<torch::Tensor> PointwiseEncoder::forward(const torch::Tensor& images) {
  std::vector<torch::Tensor> maps;
  torch::Tensor x = images;
  for (auto& stage : stages_) {
    x = stage->forward(x);
    maps.push_back(x);
  }
  return maps;
}

PointwiseDecoder::PointwiseDecoder(const ModelConfig& config, const Encoder& encoder)
    : Decoder(config.decoder_channels),
      block_(register_module("block",
                             ConvBlock(encoder.channels().back(), config.decoder_channels))) {}

torch::Tensor PointwiseDecoder::forward(const std::vector<torch::Tensor>& stages) {
  return block_->forward(stages.back());
}

}  // namespace gyroseg
