#include "gyroseg/data/class_weights.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <mutex>
#include <vector>

#include "gyroseg/data/parallel.h"
#include "gyroseg/data/resize.h"

namespace gyroseg {

void add_counts(const torch::Tensor& labels, torch::Tensor& counts) {
  const torch::Tensor dense = labels.contiguous();
  const auto* values = dense.data_ptr<std::int64_t>();
  auto* sums = counts.data_ptr<std::int64_t>();
  for (std::int64_t i = 0; i < dense.numel(); ++i) {
    if (values[i] != kIgnored) {
      ++sums[values[i]];
    }
  }
}

torch::Tensor class_counts(const SegmentationDataset& dataset, int threads) {
  torch::Tensor counts = torch::zeros({dataset.num_nodes()}, torch::kInt64);
  std::mutex mutex;
  for_each_index(dataset.size(), threads, [&](std::int64_t index) {
    const torch::Tensor labels =
        resize_labels(dataset.original_labels(index), dataset.config().image_size);
    const std::lock_guard lock(mutex);
    add_counts(labels, counts);
  });
  return counts;
}

torch::Tensor class_weights(const torch::Tensor& counts, const std::string& scheme) {
  TORCH_CHECK_VALUE(counts.dim() == 1 && counts.scalar_type() == torch::kInt64,
                    "class_weights: counts must be [n] int64, got ", counts.sizes(), " ",
                    counts.dtype());
  TORCH_CHECK_VALUE(
      std::find(kWeightSchemes.begin(), kWeightSchemes.end(), scheme) != kWeightSchemes.end(),
      "class_weights: unknown scheme ", scheme);
  torch::Tensor weights = torch::ones({counts.size(0)}, torch::kFloat32);
  const torch::Tensor dense = counts.cpu().contiguous();
  const auto* count = dense.data_ptr<std::int64_t>();
  std::vector<double> present;
  double total = 0.0;
  for (std::int64_t i = 0; i < dense.numel(); ++i) {
    TORCH_CHECK_VALUE(count[i] >= 0, "class_weights: counts must be >= 0, got ", count[i]);
    if (count[i] > 0) {
      present.push_back(static_cast<double>(count[i]));
      total += present.back();
    }
  }
  if (present.empty() || scheme == "none") {
    return weights;
  }
  const std::size_t middle = (present.size() - 1) / 2;
  std::nth_element(present.begin(), present.begin() + static_cast<std::ptrdiff_t>(middle),
                   present.end());
  // Frequencies share the factor 1 / total, which cancels in the ratios.
  const double reference =
      scheme == "inverse_frequency" ? total / static_cast<double>(present.size()) : present[middle];
  for (std::int64_t i = 0; i < dense.numel(); ++i) {
    if (count[i] > 0) {
      const double ratio = reference / static_cast<double>(count[i]);
      weights[i] = scheme == "sqrt_median_frequency" ? std::sqrt(ratio) : ratio;
    }
  }
  return weights;
}

}  // namespace gyroseg
