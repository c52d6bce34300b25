#include "gyroseg/models/segnet.h"

#include <ATen/ops/max_pool2d_with_indices.h>
#include <ATen/ops/max_unpool2d.h>
#include <c10/util/Exception.h>

#include <cstddef>
#include <string>
#include <tuple>

namespace gyroseg {
namespace {

using torch::Tensor;

/// Values and places of the maxima of a map, as the encoder pools it. Finding them again costs one
/// pooling, and leaves every encoder free to say nothing of how it pools.
std::tuple<Tensor, Tensor> pooled(const Tensor& map, int pool) {
  return at::max_pool2d_with_indices(map, pool, /*stride=*/pool, /*padding=*/0, /*dilation=*/1,
                                     /*ceil_mode=*/true);
}

Tensor places(const Tensor& map, int pool) {
  const torch::NoGradGuard no_grad;
  return std::get<1>(pooled(map, pool));
}

}  // namespace

SegNet::SegNet(const ModelConfig& config, const Encoder& encoder)
    : Decoder(config.decoder_channels) {
  TORCH_CHECK_VALUE(config.decoder_channels >= 1,
                    "model.decoder_channels: expected an integer >= 1, got ",
                    config.decoder_channels);
  TORCH_CHECK_VALUE(config.pool_kernel >= 2, "model.pool_kernel: expected an integer >= 2, got ",
                    config.pool_kernel);
  const std::vector<int>& widths = encoder.channels();
  const std::vector<int>& strides = encoder.strides();
  for (std::size_t map = widths.size(); map-- > 0;) {
    const bool last = map + 1 == widths.size();
    const int pool = last ? config.pool_kernel : strides[map + 1] / strides[map];
    const int out = map == 0 ? config.decoder_channels : widths[map - 1];
    steps_.push_back({pool, register_module("step" + std::to_string(steps_.size() + 1),
                                            ConvStack(config, widths[map], out))});
  }
}

Tensor SegNet::forward(const std::vector<Tensor>& stages) {
  Tensor x;
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    const Tensor& map = stages[stages.size() - 1 - i];
    auto& [pool, block] = steps_[i];
    if (pool > 1) {
      Tensor at_maxima;
      if (i == 0) {
        std::tie(x, at_maxima) = pooled(map, pool);
      } else {
        at_maxima = places(map, pool);
      }
      x = at::max_unpool2d(x, at_maxima, {map.size(2), map.size(3)});
    }
    x = block->forward(x);
  }
  return x;
}

}  // namespace gyroseg
