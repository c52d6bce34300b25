#pragma once

#include <torch/types.h>

#include <vector>

#include "gyroseg/models/conv_stack.h"
#include "gyroseg/models/encoder.h"

namespace gyroseg {

/// Plain convolutional encoder for training from scratch: stages of a ConvStack each, max-pooled in
/// between. With the decoder unet it is a UNet (its bottleneck is the last stage), with segnet a
/// SegNet.
///
///   Maps     one a stage of model.encoder_channels, before its pooling: map i at stride
///            model.pool_kernel^i, so the first has the size of the image
///   Sizes    pooling rounds up, as every encoder here: no padding is needed
///   Unused   model.output_stride
///   Throws   c10::ValueError on fewer than two stages and on options out of range
///   Source   the encoders of UNet (1505.04597) and SegNet (1511.00561); seed system 004
class ConvNet final : public Encoder {
 public:
  explicit ConvNet(const ModelConfig& config);
  [[nodiscard]] std::vector<torch::Tensor> forward(const torch::Tensor& images) override;

 private:
  int pool_;
  std::vector<ConvStack> stages_;
};

}  // namespace gyroseg
