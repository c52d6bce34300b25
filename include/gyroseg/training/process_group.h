#pragma once

#include <torch/types.h>

#include <memory>
#include <stdexcept>

#include "gyroseg/training/process_place.h"

namespace gyroseg {

/// Another process of the run has ended, or cannot be reached; what() is one line.
class LostProcess : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The processes that train one network together. Every process makes the same calls in the same
/// order, with tensors of equal shape and dtype; each call waits for all. Tensors may be on any
/// device and travel through host memory. All processes receive the same bits.
///
///   Alone    one process: every operation leaves its tensor as it is
///   Throws   LostProcess, from each operation, as soon as a connection breaks, or after half an
///            hour
class ProcessGroup {
 public:
  /// Alone.
  ProcessGroup() = default;

  /// Meets the others at place.address; waits five minutes for them. Throws LaunchError where this
  /// build cannot (no gloo), LostProcess where they do not come.
  explicit ProcessGroup(const ProcessPlace& place);

  [[nodiscard]] int rank() const { return place_.rank; }
  [[nodiscard]] int size() const { return place_.size; }
  [[nodiscard]] bool alone() const { return place_.size == 1; }
  /// The process that prints and writes files.
  [[nodiscard]] bool first() const { return place_.rank == 0; }

  /// Replaces a tensor by its sum over all processes.
  void sum(torch::Tensor& tensor) const;

  /// Replaces a tensor by that of rank 0.
  void take_from_first(torch::Tensor& tensor) const;

 private:
  struct Backend;

  ProcessPlace place_;
  std::shared_ptr<Backend> backend_;  ///< null where alone
};

}  // namespace gyroseg
