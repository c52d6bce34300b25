#pragma once

#include <filesystem>
#include <ostream>

#include "gyroseg/data/loader.h"

namespace gyroseg {

/// What happens on a loss that is not a finite number: the step is left out, the first batch of each
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
