#pragma once

#include <torch/nn/module.h>
#include <torch/nn/modules/conv.h>
#include <torch/nn/pimpl.h>
#include <torch/types.h>

#include "gyroseg/models/conv_block.h"

namespace gyroseg {

/// Leaf logits of an inner encoder stage, for training only: 3 x 3 convolution to 256 channels,
/// batch norm, ReLU, 1 x 1 convolution. x [B,in,h,w] -> [B,num_leaves,h,w]. Source:
/// mmsegmentation's FCN head.
class AuxiliaryHeadImpl : public torch::nn::Module {
 public:
  AuxiliaryHeadImpl(int in, int num_leaves);
  [[nodiscard]] torch::Tensor forward(const torch::Tensor& x);

 private:
  ConvBlock block_;
  torch::nn::Conv2d out_;
};
TORCH_MODULE(AuxiliaryHead);

}  // namespace gyroseg
