#pragma once

#include <torch/types.h>

#include <cstdint>
#include <optional>

namespace gyroseg {

/// Streamed class-wise expected calibration error: every class's probability counts, not the largest alone.
///
///   Formula  (1/n) sum_k sum_b N_kb/N |freq_kb - p_kb|, 20 equal-width bins of the probability of class
///            k, the last closed; freq_kb: share of the bin's pixels that are of class k, p_kb: their
///            mean probability of it; n classes, N pixels
///   Source   derivations.md H5; Kull et al. 2019 (1910.12656)
class ClasswiseCalibration {
 public:
  explicit ClasswiseCalibration(int classes);

  /// probabilities [B,n,H,W] in [0,1]; truth [B,H,W] int64, negative where not counted. Throws
  /// c10::ValueError on shapes.
  void add(const torch::Tensor& probabilities, const torch::Tensor& truth);

  /// Nothing without pixels, or with a probability that is no number.
  [[nodiscard]] std::optional<double> error() const;

 private:
  int classes_;
  std::int64_t pixels_ = 0;
  torch::Tensor excess_;  ///< [n,20] float64: pixels of the class less the sum of probabilities
};

}  // namespace gyroseg
