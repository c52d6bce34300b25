#pragma once

#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>
#include <torch/types.h>

#include <vector>

#include "gyroseg/config/config.h"
#include "gyroseg/models/conv_block.h"

namespace gyroseg {

/// model.block_depth convolution blocks in a row, the first in -> out, the others out -> out, each
/// with model.conv_kernel, model.batch_norm and model.activation: what a UNet and a SegNet are made
/// of. x [B,in,H,W] -> [B,out,H,W]. Throws c10::ValueError on options out of range.
class ConvStackImpl : public torch::nn::Module {
 public:
  ConvStackImpl(const ModelConfig& config, int in, int out);
  [[nodiscard]] torch::Tensor forward(torch::Tensor x);

 private:
  std::vector<ConvBlock> blocks_;
};
TORCH_MODULE(ConvStack);

}  // namespace gyroseg
