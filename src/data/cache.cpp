#include "gyroseg/data/cache.h"

#include <algorithm>
#include <utility>

namespace gyroseg {
namespace {

/// Tensor::to would start torch's threads, which belong to training.
template <typename From, typename To>
torch::Tensor converted(const torch::Tensor& labels, torch::Dtype dtype) {
  torch::Tensor result = torch::empty(labels.sizes(), dtype);
  const auto* from = labels.data_ptr<From>();
  std::transform(from, from + labels.numel(), result.data_ptr<To>(),
                 [](From label) { return static_cast<To>(label); });
  return result;
}

}  // namespace

std::optional<ResizedSample> SampleCache::find(std::int64_t index) const {
  Entry entry;
  {
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(index);
    if (found == entries_.end()) {
      return std::nullopt;
    }
    entry = found->second;
  }
  return ResizedSample{entry.image,
                       converted<std::int16_t, std::int64_t>(entry.labels, torch::kInt64)};
}

void SampleCache::keep(std::int64_t index, const ResizedSample& sample) {
  const std::size_t bytes = sample.image.nbytes() + sample.labels.numel() * sizeof(std::int16_t);
  {
    const std::lock_guard lock(mutex_);
    if (used_ + bytes > capacity_ || entries_.count(index) != 0) {
      return;
    }
    used_ += bytes;  // reserved before the conversion, which needs no lock
  }
  Entry entry{sample.image, converted<std::int64_t, std::int16_t>(sample.labels, torch::kInt16)};
  const std::lock_guard lock(mutex_);
  if (!entries_.emplace(index, std::move(entry)).second) {
    used_ -= bytes;
  }
}

std::size_t SampleCache::size() const {
  const std::lock_guard lock(mutex_);
  return entries_.size();
}

}  // namespace gyroseg
