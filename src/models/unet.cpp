#include "gyroseg/models/unet.h"

#include <cstddef>
#include <string>

namespace gyroseg {
namespace {

std::vector<int> widths_of(const ModelConfig& config, const Encoder& encoder) {
  if (!config.unet_channels.empty()) return config.unet_channels;
  const std::vector<int>& channels = encoder.channels();
  return {channels.rbegin() + 1, channels.rend()};
}

}  // namespace

UNet::UNet(const ModelConfig& config, const Encoder& encoder)
    : Decoder(widths_of(config, encoder).back()) {
  const std::vector<int>& channels = encoder.channels();
  const std::vector<int>& strides = encoder.strides();
  int in = channels.back();
  std::size_t map = channels.size() - 1;  // the map that the step starts from, 0 past the finest
  for (const int width : widths_of(config, encoder)) {
    const bool joins = map > 0;
    const UNetStepShape shape{.in = in,
                              .skip = joins ? channels[map - 1] : 0,
                              .out = width,
                              .factor = joins ? strides[map] / strides[map - 1] : 2};
    steps_.push_back(register_module("step" + std::to_string(steps_.size() + 1),
                                     UNetStep(config, shape)));
    in = width;
    map -= joins ? 1 : 0;
  }
}

torch::Tensor UNet::forward(const std::vector<torch::Tensor>& stages) {
  torch::Tensor x = stages.back();
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    const bool joins = i + 1 < stages.size();
    x = steps_[i]->forward(x, joins ? stages[stages.size() - 2 - i] : torch::Tensor());
  }
  return x;
}

}  // namespace gyroseg
