#pragma once

#include <filesystem>
#include <ostream>
#include <utility>
#include <vector>

#include <torch/nn/module.h>
#include <torch/types.h>

#include "gyroseg/data/loader.h"

namespace gyroseg {

/// The buffers of a module as they were. A forward pass has moved the running statistics of batch norm before
/// the loss shows that its step must be left out, and what was not finite once stays so in them.
class BufferBackup {
 public:
  explicit BufferBackup(const torch::nn::Module& module);
  void restore() const;

 private:
  std::vector<std::pair<torch::Tensor, torch::Tensor>> copies_;  ///< buffer, its copy
};

/// What happens on a loss or a gradient that is not a finite number: the step is left out, the first batch of each
/// series is written to the run folder for inspection, and after `limit` in a row the training stops.
class NonFiniteGuard {
 public:
  /// writes: batches go to the folder, as one process of a run does.
  NonFiniteGuard(std::filesystem::path folder, int limit, bool writes = true)
      : folder_(std::move(folder)), limit_(limit), writes_(writes) {}

  /// Tells of the loss of a step. Returns true where the step must be left out.
  [[nodiscard]] bool reject(double loss, const Batch& batch, std::int64_t step, std::ostream& out);

  [[nodiscard]] bool exhausted() const { return in_a_row_ >= limit_; }

 private:
  std::filesystem::path folder_;
  int limit_;
  bool writes_;
  int in_a_row_ = 0;
};

}  // namespace gyroseg
