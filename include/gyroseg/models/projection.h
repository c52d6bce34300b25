#pragma once

#include <torch/nn/module.h>
#include <torch/nn/modules/conv.h>
#include <torch/nn/pimpl.h>
#include <torch/types.h>

#include <string>

#include "gyroseg/models/conv_block.h"

namespace gyroseg {

/// Features to the pixel embedding, as tangent vectors at the origin of the embedding space.
///
///   x     [B,in,h,w] -> [B,D,h,w]
///   Kind  linear: one 1 x 1 convolution;  convmlp: 1 x 1 convolution, batch norm, ReLU, 1 x 1
///         convolution (HSSN, Li et al. 2022). Anything else throws c10::ValueError.
class ProjectionHeadImpl : public torch::nn::Module {
 public:
  ProjectionHeadImpl(const std::string& kind, int in, int dim);
  [[nodiscard]] torch::Tensor forward(const torch::Tensor& x);

 private:
  ConvBlock hidden_;  ///< empty where the kind is linear
  torch::nn::Conv2d out_;
};
TORCH_MODULE(ProjectionHead);

}  // namespace gyroseg
