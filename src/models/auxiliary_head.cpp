#include "gyroseg/models/auxiliary_head.h"

#include <torch/nn/options/conv.h>

#include "gyroseg/models/output_layer.h"

namespace gyroseg {
namespace {

constexpr int kHidden = 256;

}  // namespace

AuxiliaryHeadImpl::AuxiliaryHeadImpl(int in, int num_leaves)
    : block_(register_module("block", ConvBlock(in, kHidden, ConvOptions{.kernel = 3}))),
      out_(register_module(
          "out", torch::nn::Conv2d(torch::nn::Conv2dOptions(kHidden, num_leaves, 1)))) {}

torch::Tensor AuxiliaryHeadImpl::forward(const torch::Tensor& x) {
  return output_layer(out_, block_->forward(x));
}

}  // namespace gyroseg
