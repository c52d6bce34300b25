#pragma once

#include <torch/nn/module.h>
#include <torch/nn/modules/conv.h>
#include <torch/nn/pimpl.h>
#include <torch/types.h>

#include <string>

#include "gyroseg/models/conv_block.h"

namespace gyroseg {

/// Leaf logits of an inner encoder stage, for training only. x [B,in,h,w] -> [B,num_leaves,h,w].
///
///   Kind  fcn: 3 x 3 convolution to 256 channels, batch norm, ReLU, 1 x 1 convolution
///         (mmsegmentation's FCN head);  conv_relu: 1 x 1 convolution, batch norm, ReLU, and
///         nothing after them, so that its logits are >= 0 (SegHiero). Anything else throws
///         c10::ValueError.
///   Dtype the layers that give the logits: float32 or wider, as output_layer
class AuxiliaryHeadImpl : public torch::nn::Module {
 public:
  AuxiliaryHeadImpl(const std::string& kind, int in, int num_leaves);
  [[nodiscard]] torch::Tensor forward(const torch::Tensor& x);

 private:
  ConvBlock block_;
  torch::nn::Conv2d out_{nullptr};  ///< empty where the kind is conv_relu
};
TORCH_MODULE(AuxiliaryHead);

}  // namespace gyroseg
