#pragma once

#include <torch/types.h>

#include <array>

#include "gyroseg/data/resize.h"

namespace gyroseg {

/// resize_image for the separable filters: every Resample but area.
[[nodiscard]] torch::Tensor resample_separably(const torch::Tensor& rgb,
                                               const std::array<int, 2>& size, Resample resample);

}  // namespace gyroseg
