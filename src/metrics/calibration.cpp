#include "gyroseg/metrics/calibration.h"

#include <torch/types.h>

#include <cmath>

namespace gyroseg {

CalibrationBins::CalibrationBins()
    : pixels_(torch::zeros({kBins}, torch::kInt64)),
      right_(torch::zeros({kBins}, torch::kInt64)),
      confidence_(torch::zeros({kBins}, torch::kFloat64)) {}

void CalibrationBins::add(const torch::Tensor& confidence, const torch::Tensor& correct,
                          const torch::Tensor& valid) {
  TORCH_CHECK_VALUE(confidence.sizes() == correct.sizes() && confidence.sizes() == valid.sizes(),
                    "CalibrationBins: confidence is ", confidence.sizes(), ", correct is ",
                    correct.sizes(), ", valid is ", valid.sizes());
  // A float32 times 20 is exact in float64, so no value lands on the wrong side of an edge.
  const torch::Tensor value = confidence.flatten().to(torch::kFloat64);
  const torch::Tensor bin = (value * kBins).nan_to_num(0.0).to(torch::kInt64).clamp(0, kBins - 1);
  // Pixels that do not count go to one bin past the end.
  const torch::Tensor counted = torch::where(valid.flatten(), bin, kBins);
  const torch::Tensor counted_right = torch::where(correct.flatten(), counted, kBins);
  const auto sums = [](const torch::Tensor& bins, const torch::Tensor& weights) {
    return torch::bincount(bins, weights, kBins + 1).narrow(0, 0, kBins).cpu();
  };
  // Out of place: a copy of this object shares the tensors.
  pixels_ = pixels_ + sums(counted, {});
  right_ = right_ + sums(counted_right, {});
  confidence_ = confidence_ + sums(counted, value);
}

void CalibrationBins::merge(const std::function<void(torch::Tensor&)>& sum) {
  for (torch::Tensor* bins : {&pixels_, &right_, &confidence_}) {
    *bins = bins->clone();
    sum(*bins);
  }
}

std::optional<double> CalibrationBins::error() const {
  const auto total = pixels_.sum().item<std::int64_t>();
  if (total == 0) {
    return std::nullopt;
  }
  // n_b |acc_b - conf_b| is |right pixels - sum of confidences|.
  const double gap = (right_.to(torch::kFloat64) - confidence_).abs().sum().item<double>();
  if (!std::isfinite(gap)) {
    return std::nullopt;
  }
  return gap / static_cast<double>(total);
}

}  // namespace gyroseg
