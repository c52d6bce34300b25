#include "gyroseg/models/conv_block.h"

#include <torch/nn/options/conv.h>

namespace gyroseg {
namespace {

torch::nn::Conv2dOptions conv_options(int in, int out, const ConvOptions& options) {
  return torch::nn::Conv2dOptions(in, out, options.kernel)
      .padding(options.dilation * (options.kernel / 2))
      .dilation(options.dilation)
      .groups(options.groups)
      .bias(!options.batch_norm);
}

}  // namespace

ConvBlockImpl::ConvBlockImpl(int in, int out, const ConvOptions& options)
    : conv(register_module("conv", torch::nn::Conv2d(conv_options(in, out, options)))),
      bn(nullptr),
      activation_(activation_function(options.activation)) {
  if (options.batch_norm) bn = register_module("bn", BatchNorm(out));
}

torch::Tensor ConvBlockImpl::forward(const torch::Tensor& x) {
  const torch::Tensor y = conv->forward(x);
  return activation_(bn ? bn->forward(y) : y);
}

SeparableBlockImpl::SeparableBlockImpl(int in, int out, int dilation)
    : depthwise(register_module(
          "depthwise",
          ConvBlock(in, in, ConvOptions{.kernel = 3, .dilation = dilation, .groups = in}))),
      pointwise(register_module("pointwise", ConvBlock(in, out))) {}

torch::Tensor SeparableBlockImpl::forward(const torch::Tensor& x) {
  return pointwise->forward(depthwise->forward(x));
}

}  // namespace gyroseg
