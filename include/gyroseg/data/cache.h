#pragma once

#include <torch/types.h>

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <unordered_map>

#include "gyroseg/data/augment.h"

namespace gyroseg {

/// Decoded and resized samples in memory, 5 bytes a pixel. First come, first kept: nothing is
/// evicted, since every epoch asks for every sample once. Thread-safe; what is loaded is the same
/// with any capacity.
class SampleCache {
 public:
  /// capacity in bytes; 0 keeps nothing.
  explicit SampleCache(std::size_t capacity) : capacity_(capacity) {}

  [[nodiscard]] std::optional<ResizedSample> find(std::int64_t index) const;

  /// Keeps the sample where there is room. Labels must lie in [-1, 32767]. The caller must not
  /// write to sample.image afterwards: it is shared, not copied.
  void keep(std::int64_t index, const ResizedSample& sample);

  /// Samples kept.
  [[nodiscard]] std::size_t size() const;

 private:
  struct Entry {
    torch::Tensor image;
    torch::Tensor labels;  ///< int16
  };
  std::size_t capacity_;
  std::size_t used_ = 0;
  mutable std::mutex mutex_;
  std::unordered_map<std::int64_t, Entry> entries_;
};

}  // namespace gyroseg
