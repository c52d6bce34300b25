#pragma once

#include <torch/nn/module.h>
#include <torch/nn/modules/container/modulelist.h>
#include <torch/nn/pimpl.h>
#include <torch/types.h>

#include <vector>

#include "gyroseg/models/conv_block.h"

namespace gyroseg {

/// Atrous spatial pyramid pooling with depthwise-separable convolutions: a 1 x 1 branch, one
/// separable 3 x 3 branch per dilation, and the image's mean; concatenated and projected.
///
///   x        [B,in,h,w] -> [B,channels,h,w]
///   Differs  the mean of a lone training image (B = 1) is normalised by the running statistics:
///            one value has no variance, and Python's batch norm refuses it
///   Source   DeepLabV3 (1706.05587), DeepLabV3+ (1802.02611)
class AsppImpl : public torch::nn::Module {
 public:
  AsppImpl(int in, int channels, const std::vector<int>& dilations);
  [[nodiscard]] torch::Tensor forward(const torch::Tensor& x);

 private:
  [[nodiscard]] torch::Tensor image_mean(const torch::Tensor& x);

  torch::nn::ModuleList branches_;
  ConvBlock pooling_;
  ConvBlock project_;
};
TORCH_MODULE(Aspp);

}  // namespace gyroseg
