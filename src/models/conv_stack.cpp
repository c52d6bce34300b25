#include "gyroseg/models/conv_stack.h"

#include <c10/util/Exception.h>

#include <string>

namespace gyroseg {

ConvStackImpl::ConvStackImpl(const ModelConfig& config, int in, int out) {
  TORCH_CHECK_VALUE(config.block_depth >= 1, "model.block_depth: expected an integer >= 1, got ",
                    config.block_depth);
  TORCH_CHECK_VALUE(config.conv_kernel >= 1 && config.conv_kernel % 2 == 1,
                    "model.conv_kernel: expected an odd integer >= 1, got ", config.conv_kernel);
  const ConvOptions options{.kernel = config.conv_kernel,
                            .batch_norm = config.batch_norm,
                            .activation = config.activation};
  for (int i = 0; i < config.block_depth; ++i) {
    blocks_.push_back(
        register_module(std::to_string(i), ConvBlock(i == 0 ? in : out, out, options)));
  }
}

torch::Tensor ConvStackImpl::forward(torch::Tensor x) {
  for (ConvBlock& block : blocks_) x = block->forward(x);
  return x;
}

}  // namespace gyroseg
