#pragma once

#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/pimpl.h>
#include <torch/types.h>

#include "gyroseg/models/sync_batch_norm.h"

namespace gyroseg {

/// torch's BatchNorm2d (names, defaults, values) that can be told to share its statistics with the
/// other processes of a run. x [B,C,H,W] -> [B,C,H,W].
class BatchNormImpl : public torch::nn::BatchNorm2dImpl {
 public:
  using torch::nn::BatchNorm2dImpl::BatchNorm2dImpl;

  [[nodiscard]] torch::Tensor forward(const torch::Tensor& x);

  void synchronise(SumOverProcesses sum) { sum_ = std::move(sum); }
  [[nodiscard]] bool synchronised() const { return static_cast<bool>(sum_); }

 private:
  SumOverProcesses sum_;  ///< empty: on its own
};
TORCH_MODULE(BatchNorm);

/// Synchronises every BatchNorm of a model from its next training step on.
void synchronise_batch_norm(torch::nn::Module& model, const SumOverProcesses& sum);

}  // namespace gyroseg
