#pragma once

#include <torch/nn/module.h>

namespace gyroseg {

/// Lays every 4-D parameter of the module out as channels_last, in place; values and names stay.
/// Convolutions then give channels_last maps. Call before the optimiser is built.
void use_channels_last(torch::nn::Module& module);

}  // namespace gyroseg
