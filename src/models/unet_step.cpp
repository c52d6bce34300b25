#include "gyroseg/models/unet_step.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/upsample_bilinear2d.h>
#include <ATen/ops/upsample_nearest2d.h>
#include <c10/util/Exception.h>
#include <torch/nn/options/conv.h>

namespace gyroseg {

using torch::Tensor;

UNetStepImpl::UNetStepImpl(const ModelConfig& config, const UNetStepShape& shape)
    : upsample_(config.upsample), factor_(shape.factor) {
  TORCH_CHECK_VALUE(
      upsample_ == "nearest" || upsample_ == "bilinear" || upsample_ == "transposed",
      "model.upsample: expected nearest | bilinear | transposed, got ", upsample_);
  TORCH_CHECK_VALUE(shape.out >= 1, "model.unet_channels: expected integers >= 1, got ", shape.out);
  int in = shape.in;
  if (upsample_ == "transposed") {
    up_ = register_module(
        "up", torch::nn::ConvTranspose2d(
                  torch::nn::ConvTranspose2dOptions(in, shape.out, factor_).stride(factor_)));
    in = shape.out;
  }
  block_ = register_module("block", ConvStack(config, in + shape.skip, shape.out));
}

Tensor UNetStepImpl::enlarge(const Tensor& x, std::int64_t height, std::int64_t width) {
  if (up_) {
    // An odd map was rounded up by the encoder: what lies beyond it is cut off again.
    return up_->forward(x).narrow(2, 0, height).narrow(3, 0, width);
  }
  return upsample_ == "nearest"
             ? at::upsample_nearest2d(x, {height, width})
             : at::upsample_bilinear2d(x, {height, width}, /*align_corners=*/false);
}

Tensor UNetStepImpl::forward(const Tensor& coarse, const Tensor& skip) {
  if (!skip.defined()) {
    return block_->forward(enlarge(coarse, factor_ * coarse.size(2), factor_ * coarse.size(3)));
  }
  return block_->forward(at::cat({enlarge(coarse, skip.size(2), skip.size(3)), skip}, 1));
}

}  // namespace gyroseg
