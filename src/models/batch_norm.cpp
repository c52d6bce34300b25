#include "gyroseg/models/batch_norm.h"

namespace gyroseg {

torch::Tensor BatchNormImpl::forward(const torch::Tensor& x) {
  if (!synchronised() || !is_training()) return torch::nn::BatchNorm2dImpl::forward(x);
  num_batches_tracked += 1;
  return sync_batch_norm(
      x, {weight, bias, running_mean, running_var, options.momentum().value(), options.eps()},
      sum_);
}

void synchronise_batch_norm(torch::nn::Module& model, const SumOverProcesses& sum) {
  for (const auto& module : model.modules()) {
    if (auto* norm = module->as<BatchNormImpl>()) norm->synchronise(sum);
  }
}

}  // namespace gyroseg
