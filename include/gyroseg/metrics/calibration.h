#pragma once

#include <torch/types.h>

#include <functional>
#include <optional>

namespace gyroseg {

/// Streamed expected calibration error of the predicted class's probability.
///
///   Formula  ECE = sum_b n_b/N |acc_b - conf_b|, 20 equal-width bins [b/20, (b+1)/20), the last
///            closed; acc_b, conf_b: share of right pixels and mean confidence in the bin
///   Source   derivations.md H5; Naeini et al. 2015, Guo et al. 2017 (1706.04599, eq. 3)
class CalibrationBins {
 public:
  static constexpr int kBins = 20;

  CalibrationBins();

  /// Adds pixels. confidence floating in [0,1]; correct, valid: bool; one shape and device. One
  /// that is not a number makes the error undefined. Throws c10::ValueError on different shapes.
  void add(const torch::Tensor& confidence, const torch::Tensor& correct,
           const torch::Tensor& valid);

  /// Replaces the bins by what `sum` makes of them in place: their sum over several processes.
  void merge(const std::function<void(torch::Tensor&)>& sum);

  /// Nothing without pixels.
  [[nodiscard]] std::optional<double> error() const;

 private:
  torch::Tensor pixels_;      ///< [kBins] int64
  torch::Tensor right_;       ///< [kBins] int64
  torch::Tensor confidence_;  ///< [kBins] float64, sums
};

}  // namespace gyroseg
