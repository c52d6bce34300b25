#pragma once

#include <torch/nn/modules/conv.h>
#include <torch/types.h>

namespace gyroseg {

/// The last layer of a head: in float32 or wider, also within Autocast, so that neither logits nor the
/// coordinates of an embedding are rounded to the 8 significant bits of bfloat16.
/// x [B,in,h,w] of any floating dtype -> [B,out,h,w] in the dtype of the weights.
[[nodiscard]] torch::Tensor output_layer(torch::nn::Conv2d& layer, const torch::Tensor& x);

}  // namespace gyroseg
