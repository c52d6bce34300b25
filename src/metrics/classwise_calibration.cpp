#include "gyroseg/metrics/classwise_calibration.h"

#include <torch/utils.h>

#include <cmath>

#include "gyroseg/metrics/calibration.h"

namespace gyroseg {

ClasswiseCalibration::ClasswiseCalibration(int classes)
    : classes_(classes), excess_(torch::zeros({classes, CalibrationBins::kBins}, torch::kFloat64)) {}

void ClasswiseCalibration::add(const torch::Tensor& probabilities, const torch::Tensor& truth) {
  const torch::NoGradGuard no_grad;
  TORCH_CHECK_VALUE(probabilities.dim() == 4 && probabilities.size(1) == classes_ && truth.dim() == 3 &&
                        probabilities.size(0) == truth.size(0) &&
                        probabilities.sizes().slice(2) == truth.sizes().slice(1),
                    "ClasswiseCalibration: expected probabilities [B,", classes_, ",H,W] and truth "
                    "[B,H,W], got ", probabilities.sizes(), " and ", truth.sizes());
  constexpr std::int64_t kBins = CalibrationBins::kBins;
  const torch::Tensor valid = truth.flatten().ge(0);
  const torch::Tensor labels = truth.flatten().masked_select(valid);
  // float32 times 20 is exact in float64: no value lands on the wrong side of an edge.
  const torch::Tensor p = probabilities.transpose(0, 1).reshape({classes_, -1}).to(torch::kFloat64);
  torch::Tensor sums = torch::empty_like(excess_);
  for (int k = 0; k < classes_; ++k) {
    const torch::Tensor of_class = p[k].masked_select(valid);
    const torch::Tensor bin =
        (of_class * kBins).nan_to_num(0.0).to(torch::kInt64).clamp(0, kBins - 1);
    const torch::Tensor excess = labels.eq(k).to(torch::kFloat64) - of_class;
    sums[k] = torch::bincount(bin, excess, kBins).cpu();
  }
  excess_ = excess_ + sums;
  pixels_ += labels.numel();
}

std::optional<double> ClasswiseCalibration::error() const {
  if (pixels_ == 0) {
    return std::nullopt;
  }
  const double sum = excess_.abs().sum().item<double>();
  if (!std::isfinite(sum)) {
    return std::nullopt;
  }
  return sum / static_cast<double>(pixels_) / classes_;
}

}  // namespace gyroseg
