#pragma once

#include <torch/types.h>

#include <vector>

#include "gyroseg/models/decoder.h"
#include "gyroseg/models/unet_step.h"

namespace gyroseg {

/// UNet's expanding half on the maps of any encoder: from the last map, step by step, enlarged to
/// the next finer map, joined with it, and convolved.
///
///   returns  [B, channels(), h, w]: after as many steps as there are finer maps, the size of the
///            finest map (a ResNet's is its stem, at half of the image); each further step doubles
///            it
///   Widths   model.unet_channels, one a step, coarse to fine; fewer steps than maps leave the
///            finest maps unread. Empty: one step a finer map, with that map's channels
///   Blocks   ConvStack, by model.block_depth, conv_kernel, batch_norm, activation
///   Enlarge  model.upsample: nearest | bilinear, or transposed (learned, as published)
///   Throws   c10::ValueError on options out of range
///   Source   Ronneberger et al. 2015 (1505.04597); five steps on a ResNet as in seed system 002
class UNet final : public Decoder {
 public:
  UNet(const ModelConfig& config, const Encoder& encoder);
  [[nodiscard]] torch::Tensor forward(const std::vector<torch::Tensor>& stages) override;

 private:
  std::vector<UNetStep> steps_;
};

}  // namespace gyroseg
