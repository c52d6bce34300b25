#include "gyroseg/models/deeplabv3plus.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/upsample_bilinear2d.h>
#include <c10/util/Exception.h>

namespace gyroseg {
namespace {

std::vector<int> dilations_of(const ModelConfig& config, const Encoder& encoder) {
  if (!config.aspp_dilations.empty()) return config.aspp_dilations;
  switch (encoder.strides().back()) {
    case 8: return {12, 24, 36};
    case 16: return {6, 12, 18};
    default: return {3, 6, 9};
  }
}

/// The channel count a config key gives, refused below 1.
int positive(int channels, const char* key) {
  TORCH_CHECK_VALUE(channels >= 1, key, ": expected an integer >= 1, got ", channels);
  return channels;
}

}  // namespace

DeepLabV3Plus::DeepLabV3Plus(const ModelConfig& config, const Encoder& encoder)
    : Decoder(positive(config.decoder_channels, "model.decoder_channels")),
      aspp_(register_module("aspp", Aspp(encoder.channels().back(),
                                         positive(config.aspp_channels, "model.aspp_channels"),
                                         dilations_of(config, encoder)))),
      low_level_(register_module(
          "low_level",
          ConvBlock(encoder.channels().front(),
                    positive(config.low_level_channels, "model.low_level_channels")))),
      refine1_(register_module("refine1",
                               SeparableBlock(config.aspp_channels + config.low_level_channels,
                                              config.decoder_channels))),
      refine2_(register_module(
          "refine2", SeparableBlock(config.decoder_channels, config.decoder_channels))) {}

torch::Tensor DeepLabV3Plus::forward(const std::vector<torch::Tensor>& stages) {
  const torch::Tensor& fine = stages.front();
  const torch::Tensor context =
      torch::upsample_bilinear2d(aspp_->forward(stages.back()), {fine.size(2), fine.size(3)},
                                 /*align_corners=*/false);
  const torch::Tensor joined = torch::cat({context, low_level_->forward(fine)}, 1);
  return refine2_->forward(refine1_->forward(joined));
}

}  // namespace gyroseg
