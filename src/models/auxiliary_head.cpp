#include "gyroseg/models/auxiliary_head.h"

#include <c10/util/Exception.h>
#include <torch/nn/options/conv.h>

#include "gyroseg/models/autocast.h"
#include "gyroseg/models/output_layer.h"

namespace gyroseg {
namespace {

constexpr int kHidden = 256;

ConvBlock block_of(const std::string& kind, int in, int num_leaves) {
  TORCH_CHECK_VALUE(kind == "fcn" || kind == "conv_relu",
                    "model.auxiliary_head: expected fcn | conv_relu, got ", kind);
  return kind == "fcn" ? ConvBlock(in, kHidden, ConvOptions{.kernel = 3})
                       : ConvBlock(in, num_leaves);
}

}  // namespace

AuxiliaryHeadImpl::AuxiliaryHeadImpl(const std::string& kind, int in, int num_leaves)
    : block_(register_module("block", block_of(kind, in, num_leaves))) {
  if (kind == "fcn") {
    out_ = register_module(
        "out", torch::nn::Conv2d(torch::nn::Conv2dOptions(kHidden, num_leaves, 1)));
  }
}

torch::Tensor AuxiliaryHeadImpl::forward(const torch::Tensor& x) {
  if (out_) return output_layer(out_, block_->forward(x));
  const Autocast off(x.device().type(), torch::kFloat32);
  return block_->forward(x.to(block_->conv->weight.scalar_type()));
}

}  // namespace gyroseg
