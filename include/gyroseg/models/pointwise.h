#pragma once

#include <torch/types.h>

#include <vector>

#include "gyroseg/models/conv_block.h"
#include "gyroseg/models/decoder.h"
#include "gyroseg/models/encoder.h"

namespace gyroseg {

/// The control network: 1 x 1 convolutions at full resolution, so that every output sees exactly
/// one input pixel. What it cannot learn of a data set needs shape and context.
/// Four maps of 64 channels at stride 1; model.output_stride has no meaning here.
class PointwiseEncoder final : public Encoder {
 public:
  PointwiseEncoder();
  [[nodiscard]] std::vector<torch::Tensor> forward(const torch::Tensor& images) override;

 private:
  std::vector<ConvBlock> stages_;
};

/// One 1 x 1 convolution with batch norm and ReLU on the last map: adds no context to the
/// encoder's. returns [B, decoder_channels, h5, w5]
class PointwiseDecoder final : public Decoder {
 public:
  PointwiseDecoder(const ModelConfig& config, const Encoder& encoder);
  [[nodiscard]] torch::Tensor forward(const std::vector<torch::Tensor>& stages) override;

 private:
  ConvBlock block_;
};

}  // namespace gyroseg
