#pragma once

#include <torch/nn/module.h>
#include <torch/nn/modules/conv.h>
#include <torch/nn/pimpl.h>
#include <torch/types.h>

#include <string>

#include "gyroseg/models/activation_function.h"
#include "gyroseg/models/batch_norm.h"

namespace gyroseg {

struct ConvOptions {
  int kernel = 1;  ///< odd; the padding keeps the size
  int dilation = 1;
  int groups = 1;
  bool batch_norm = true;           ///< false: the convolution has a bias in its place
  std::string activation = "relu";  ///< a name of activation_function
};

/// Convolution without bias, batch norm, ReLU; other options in place of the last two.
/// x [B,in,H,W] -> [B,out,H,W].
class ConvBlockImpl : public torch::nn::Module {
 public:
  ConvBlockImpl(int in, int out, const ConvOptions& options = {});
  [[nodiscard]] torch::Tensor forward(const torch::Tensor& x);

  torch::nn::Conv2d conv;
  BatchNorm bn;  ///< empty without ConvOptions::batch_norm

 private:
  ActivationFunction activation_;
};
TORCH_MODULE(ConvBlock);

/// 3 x 3 depthwise block, then 1 x 1 block, each with batch norm and ReLU.
/// x [B,in,H,W] -> [B,out,H,W]. Source: DeepLabV3+ (1802.02611), section 3.1.
class SeparableBlockImpl : public torch::nn::Module {
 public:
  SeparableBlockImpl(int in, int out, int dilation = 1);
  [[nodiscard]] torch::Tensor forward(const torch::Tensor& x);

  ConvBlock depthwise;
  ConvBlock pointwise;
};
TORCH_MODULE(SeparableBlock);

}  // namespace gyroseg
