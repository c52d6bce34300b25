#pragma once

#include <torch/types.h>

namespace gyroseg::detail {

/// The two evaluations behind polar_mlr, equal but for rounding: fused loops for the CPU, torch
/// operations for every other device. Internal: the tests compare them.
///
///   v       contiguous rows [N,D] or channel-first [P,D,Q], float32 or float64
///   z, r    [K,D] and [K] of the same dtype
///   logits  [N,K] or [P,K,Q]
struct MlrForward {
  torch::Tensor logits;   ///< dtype of v
  torch::Tensor dots;     ///< <v,z>, float64, shape of logits; undefined unless asked for
  torch::Tensor lengths;  ///< |v|, float64, [N] or [P,Q]; undefined unless asked for
};

struct MlrGradients {
  torch::Tensor v, z, r;  ///< v undefined unless asked for
};

/// What forward leaves for backward.
struct MlrSaved {
  torch::Tensor v, z, r, logits, dots, lengths;
};

[[nodiscard]] MlrForward mlr_forward_cpu(const torch::Tensor& v, const torch::Tensor& z,
                                         const torch::Tensor& r, double c, bool keep);
[[nodiscard]] MlrGradients mlr_backward_cpu(const torch::Tensor& grad, const MlrSaved& saved,
                                            double c, bool need_v);

[[nodiscard]] MlrForward mlr_forward_composite(const torch::Tensor& v, const torch::Tensor& z,
                                               const torch::Tensor& r, double c, bool keep);
[[nodiscard]] MlrGradients mlr_backward_composite(const torch::Tensor& grad, const MlrSaved& saved,
                                                  double c, bool need_v);

}  // namespace gyroseg::detail
