#pragma once

#include <torch/nn/module.h>

#include <cstdint>
#include <vector>

#include "gyroseg/losses/criterion.h"
#include "gyroseg/training/process_group.h"

namespace gyroseg {

/// What the processes agree on between forward and backward of a step.
///
///   Symbols  n_r  labelled pixels of rank r's share of the batch, N their sum over the ranks
///   Formula  the joint loss is sum_r (n_r / N) loss_r, so its gradient is the sum of those of
///            (n_r / N) loss_r. That is the loss of the whole batch for every term that is a mean
///            over labelled pixels. It is near to it, not equal, for one with another denominator
///            (class weights; levels that not every label determines) and for triplets, which each
///            process draws from its own images
struct JointLoss {
  double share = 1;           ///< n_r / N: factor of this process's loss before backward
  double total = 0;           ///< joint loss, the same bits in every process
  std::vector<double> terms;  ///< of the joint loss, unweighted, in the order of LossSum::terms
  bool stop = false;          ///< some process was asked to stop
};

/// labels [B,H,W]: >= 0 where labelled. stop: this process was asked to. Waits for all.
[[nodiscard]] JointLoss agree(const ProcessGroup& group, const LossSum& losses,
                              const torch::Tensor& labels, bool stop);

/// Replaces every gradient by its sum over the processes, in flat buckets of 25 MB. A parameter
/// that the loss of this process did not reach counts as 0.
void sum_gradients(const ProcessGroup& group, const torch::nn::Module& model);

/// Gives every process the parameters and buffers of rank 0.
void share_state(const ProcessGroup& group, const torch::nn::Module& model);

}  // namespace gyroseg
