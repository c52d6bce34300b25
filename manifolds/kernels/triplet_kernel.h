#pragma once

#include <torch/types.h>

#include "manifolds/tangent_distance.h"

namespace gyroseg::detail {

/// What a sum over triplets is made of:
/// sum_i share_i relu(scale (d(a_i,p_i) - d(a_i,n_i)) + margin_i).
struct TripletTerms {
  torch::Tensor pixels;   ///< [3,N] int64 b*H*W + y*W + x: anchor, positive, negative; on the CPU
  torch::Tensor margins;  ///< [N] float64, on the CPU
  torch::Tensor shares;   ///< [N] float64 >= 0, on the CPU
  double scale = 1;
};

struct TripletSum {
  double value = 0;
  torch::Tensor by_vectors;  ///< [3,N,D] of the inside type, undefined unless wanted
  torch::Tensor active;      ///< [N] bool: the hinge is open; other rows of by_vectors are unset
  double by_c = 0;
};

/// The sum and, where wanted, its gradients by every gathered vector and by c, in one pass. Each
/// triplet's vectors are read from the embedding [B,D,H,W] where they lie, whatever its strides.
/// distance: any but `other`.
[[nodiscard]] TripletSum triplet_sum_cpu(const torch::Tensor& embedding, const TripletTerms& terms,
                                         TangentDistance distance, double c, bool with_gradients);

/// The gradient by the embedding: `factor` times the rows, added up where their pixels are. Each
/// channel is summed by one thread in the order of the triplets: the same bits in every run.
[[nodiscard]] torch::Tensor scatter_triplets_cpu(const TripletSum& sum, const torch::Tensor& pixels,
                                                 const torch::Tensor& embedding, double factor);

}  // namespace gyroseg::detail
