#pragma once

#include <torch/nn/module.h>
#include <torch/types.h>

#include <cstdint>

#include "manifolds/curvature.h"
#include "manifolds/manifold.h"

namespace gyroseg::detail {

/// Lists t of a learnable curvature c = c0 e^t among the module's parameters, as "curvature";
/// otherwise nothing. Modules that share a curvature all list it: an optimiser must get it once.
/// c0 is not in a saved module, it comes from the constructor.
inline void register_curvature(torch::nn::Module& module, const Curvature& c) {
  if (c.parameter().defined()) module.register_parameter("curvature", c.parameter());
}

/// The same for a manifold's c.
inline void register_curvature(torch::nn::Module& module, const Manifold& manifold) {
  if (const auto c = manifold.curvature_parameter()) register_curvature(module, *c);
}

/// D and K of a module, both at least 1. Throws c10::ValueError.
inline void check_sizes(const char* module, int64_t dim, int64_t classes) {
  TORCH_CHECK_VALUE(dim >= 1 && classes >= 1, module, ": D and K must be at least 1, got D = ", dim,
                    ", K = ", classes);
}

}  // namespace gyroseg::detail
