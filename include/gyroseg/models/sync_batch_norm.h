#pragma once

#include <torch/types.h>

#include <functional>

namespace gyroseg {

/// Replaces a tensor, in place, by its sum over all processes of a run. Every process calls it in
/// the same order, with tensors of the same shape and dtype.
using SumOverProcesses = std::function<void(torch::Tensor&)>;

/// What a batch norm has besides its input. Tensors [C], in float32 or wider.
struct BatchNormState {
  torch::Tensor weight, bias;
  torch::Tensor running_mean, running_var;  ///< updated in place, the variance unbiased
  double momentum;
  double eps;
};

/// Batch norm in training mode whose mean and variance are those of the batches of all processes
/// together, and its gradient with respect to them.
///
///   x        [B,C,H,W] floating, B >= 1 here and B H W >= 2 over all processes; B may differ
///   returns  [B,C,H,W] in x's dtype
///   Grads    of x: through the joint statistics. Of weight and bias: this process's part, to be
///            summed like every other gradient. No second derivative
///   Numerics each process's moments, and the merging of them, in float64
///   Source   as torch.nn.SyncBatchNorm: eps, momentum, unbiased running variance
[[nodiscard]] torch::Tensor sync_batch_norm(const torch::Tensor& x, const BatchNormState& state,
                                            const SumOverProcesses& sum);

}  // namespace gyroseg
