#pragma once

#include <torch/types.h>

#include "rmi_kernel.h"

namespace gyroseg::losses {

/// The operator rmi_terms, [V]: on every device, differentiable once.
torch::Tensor rmi_terms(const torch::Tensor& logits, const torch::Tensor& labels,
                        const torch::Tensor& parent, const torch::Tensor& leaf_node,
                        const RmiSettings& settings);

}  // namespace gyroseg::losses
