#pragma once

#include <torch/types.h>

#include <vector>

#include "gyroseg/models/aspp.h"
#include "gyroseg/models/conv_block.h"
#include "gyroseg/models/decoder.h"

namespace gyroseg {

/// DeepLabV3+ decoder: ASPP on C5, enlarged to C2 (bilinear, half-pixel centres), joined with a
/// narrow 1 x 1 view of C2, refined by two separable 3 x 3 convolutions.
///
///   returns   [B, decoder_channels, h2, w2], the size of C2
///   Dilations model.aspp_dilations; empty: 12/24/36 at stride 8 of C5, 6/12/18 at 16, else 3/6/9
///   Source    Chen et al. 2018 (1802.02611)
class DeepLabV3Plus final : public Decoder {
 public:
  DeepLabV3Plus(const ModelConfig& config, const Encoder& encoder);
  [[nodiscard]] torch::Tensor forward(const std::vector<torch::Tensor>& stages) override;

 private:
  Aspp aspp_;
  ConvBlock low_level_;
  SeparableBlock refine1_;
  SeparableBlock refine2_;
};

}  // namespace gyroseg
