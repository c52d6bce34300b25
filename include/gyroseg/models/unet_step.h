#pragma once

#include <torch/nn/module.h>
#include <torch/nn/modules/conv.h>
#include <torch/nn/pimpl.h>
#include <torch/types.h>

#include <string>

#include "gyroseg/config/config.h"
#include "gyroseg/models/conv_stack.h"

namespace gyroseg {

struct UNetStepShape {
  int in;      ///< channels of the coarse map
  int skip;    ///< channels of the finer map that joins it; 0: none
  int out;     ///< channels that the step gives
  int factor;  ///< by which the step enlarges
};

/// One step of UNet's expanding half.
///
///   coarse   [B,in,h,w]
///   skip     [B,skip,h2,w2] with h2 <= factor*h < h2 + factor; undefined where there is none
///   returns  [B,out,h2,w2], or [B,out,factor*h,factor*w] without a skip
class UNetStepImpl : public torch::nn::Module {
 public:
  UNetStepImpl(const ModelConfig& config, const UNetStepShape& shape);
  [[nodiscard]] torch::Tensor forward(const torch::Tensor& coarse, const torch::Tensor& skip);

 private:
  [[nodiscard]] torch::Tensor enlarge(const torch::Tensor& x, std::int64_t height,
                                      std::int64_t width);

  std::string upsample_;
  int factor_;
  torch::nn::ConvTranspose2d up_{nullptr};  ///< empty unless model.upsample is transposed
  ConvStack block_{nullptr};
};
TORCH_MODULE(UNetStep);

}  // namespace gyroseg
