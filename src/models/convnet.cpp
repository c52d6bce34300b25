#include "gyroseg/models/convnet.h"

#include <ATen/ops/max_pool2d.h>
#include <c10/util/ArrayRef.h>
#include <c10/util/Exception.h>

#include <cstddef>
#include <string>

namespace gyroseg {
namespace {

std::vector<int> channels_of(const ModelConfig& config) {
  TORCH_CHECK_VALUE(config.encoder_channels.size() >= 2,
                    "model.encoder_channels: expected two or more stages, got ",
                    c10::ArrayRef<int>(config.encoder_channels));
  for (const int channels : config.encoder_channels) {
    TORCH_CHECK_VALUE(channels >= 1, "model.encoder_channels: expected integers >= 1, got ",
                      c10::ArrayRef<int>(config.encoder_channels));
  }
  return config.encoder_channels;
}

std::vector<int> strides_of(const ModelConfig& config) {
  TORCH_CHECK_VALUE(config.pool_kernel >= 2, "model.pool_kernel: expected an integer >= 2, got ",
                    config.pool_kernel);
  std::vector<int> strides = {1};
  while (strides.size() < config.encoder_channels.size()) {
    strides.push_back(strides.back() * config.pool_kernel);
  }
  return strides;
}

}  // namespace

ConvNet::ConvNet(const ModelConfig& config)
    : Encoder(channels_of(config), strides_of(config)), pool_(config.pool_kernel) {
  int in = 3;
  for (const int out : channels()) {
    stages_.push_back(register_module("stage" + std::to_string(stages_.size() + 1),
                                      ConvStack(config, in, out)));
    in = out;
  }
}

std::vector<torch::Tensor> ConvNet::forward(const torch::Tensor& images) {
  std::vector<torch::Tensor> maps;
  for (std::size_t i = 0; i < stages_.size(); ++i) {
    const torch::Tensor x =
        i == 0 ? images
               : at::max_pool2d(maps.back(), pool_, /*stride=*/pool_, /*padding=*/0,
                                /*dilation=*/1, /*ceil_mode=*/true);
    maps.push_back(stages_[i]->forward(x));
  }
  return maps;
}

}  // namespace gyroseg
