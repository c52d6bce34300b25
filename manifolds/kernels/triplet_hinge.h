#pragma once

#include <torch/types.h>

#include "manifolds/kernels/triplet_kernel.h"
#include "manifolds/manifold.h"

namespace gyroseg::detail {

/// The sum of TripletTerms with d = manifold.tangent_dist, differentiable in the embedding [B,D,H,W]
/// and in c: on the CPU by the fused kernel, elsewhere by the composite one. Returns a scalar of at
/// least float32.
[[nodiscard]] torch::Tensor triplet_hinge(const torch::Tensor& embedding, const TripletTerms& terms,
                                          const Manifold& manifold);

/// Tensor operations, for every other device: gathers the vectors and asks tangent_dist.
[[nodiscard]] torch::Tensor triplet_hinge_composite(const torch::Tensor& embedding,
                                                    const TripletTerms& terms,
                                                    const Manifold& manifold);

}  // namespace gyroseg::detail
