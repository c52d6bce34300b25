#include "gyroseg/models/projection.h"

#include <c10/util/Exception.h>
#include <torch/nn/options/conv.h>

#include "gyroseg/models/output_layer.h"

namespace gyroseg {
namespace {

ConvBlock hidden_block(const std::string& kind, int in) {
  TORCH_CHECK_VALUE(kind == "linear" || kind == "convmlp",
                    "model.projection: expected linear | convmlp, got ", kind);
  return kind == "linear" ? ConvBlock(nullptr) : ConvBlock(in, in);
}

}  // namespace

ProjectionImpl::ProjectionImpl(const std::string& kind, int in, int dim)
    : hidden_(hidden_block(kind, in)), out_(torch::nn::Conv2dOptions(in, dim, 1)) {
  if (hidden_) register_module("hidden", hidden_);
  register_module("out", out_);
}

torch::Tensor ProjectionImpl::forward(const torch::Tensor& x) {
  return output_layer(out_, hidden_ ? hidden_->forward(x) : x);
}

}  // namespace gyroseg
