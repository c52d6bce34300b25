#pragma once

#include <torch/types.h>

#include <vector>

#include "gyroseg/models/conv_stack.h"
#include "gyroseg/models/decoder.h"

namespace gyroseg {

/// SegNet's decoder: the encoder's maps say where their maxima were, and nothing else of them is
/// read; each step puts its values back there (max-unpooling), zeros elsewhere, and convolves.
///
///   returns   [B, decoder_channels, h, w], the size of the finest map
///   Pooling   between two maps, by the ratio of their strides; of the last map by
///             model.pool_kernel, whose pooled values are where the decoder starts
///   Widths    those of the encoder, since an unpooled map has the channels of the map whose maxima
///             it takes; only the last step's is free (model.decoder_channels)
///   Blocks    ConvStack, by model.block_depth, conv_kernel, batch_norm, activation
///   Throws    c10::ValueError on options out of range
///   Source    Badrinarayanan et al. 2017 (1511.00561); seed system 004
class SegNet final : public Decoder {
 public:
  SegNet(const ModelConfig& config, const Encoder& encoder);
  [[nodiscard]] torch::Tensor forward(const std::vector<torch::Tensor>& stages) override;

 private:
  /// From the last map to the first.
  struct Step {
    int pool;  ///< 1: the next coarser map has this one's size
    ConvStack block;
  };
  std::vector<Step> steps_;
};

}  // namespace gyroseg
