#pragma once

#include <torch/types.h>

#include <cstdint>
#include <functional>
#include <optional>

namespace gyroseg {

/// Streamed confusion matrix: rows are the truth, columns the prediction, int64 counts.
///
///   Symbols  n classes; TP(c) = counts[c][c], FP(c) the rest of column c, FN(c) the rest of row c and
///            the pixels of class c that no class was predicted for
class ConfusionMatrix {
 public:
  explicit ConfusionMatrix(int classes);

  /// Adds images. truth [B,...] int64, in [0, n) or negative where not counted; prediction int64 in [0, n), or
  /// -1 where none was made, same shape and device. Returns what each image added: [B,n,n+1] int64 on the CPU,
  /// pixels without a prediction in the last column. Throws c10::ValueError.
  torch::Tensor add(const torch::Tensor& truth, const torch::Tensor& prediction);

  /// Replaces the counts by what `sum` makes of them in place: their sum over several processes.
  void merge(const std::function<void(torch::Tensor&)>& sum);

  /// [n,n] int64 on the CPU.
  [[nodiscard]] const torch::Tensor& counts() const { return counts_; }

  [[nodiscard]] std::int64_t total() const;
  /// Truth pixels of class c without a prediction.
  [[nodiscard]] std::int64_t undecided(int c) const;
  /// Truth pixels of class c: TP + FN.
  [[nodiscard]] std::int64_t truth(int c) const;
  /// Predicted pixels of class c: TP + FP.
  [[nodiscard]] std::int64_t predicted(int c) const;
  [[nodiscard]] std::int64_t correct(int c) const;

  /// TP/(TP+FP+FN): 0 for a missed class, nothing for one absent from truth and prediction.
  [[nodiscard]] std::optional<double> iou(int c) const;
  /// Recall TP/(TP+FN): nothing for a class absent from the truth.
  [[nodiscard]] std::optional<double> class_accuracy(int c) const;
  /// Share of right pixels, nothing without pixels.
  [[nodiscard]] std::optional<double> pixel_accuracy() const;

 private:
  int classes_;
  torch::Tensor counts_;
  torch::Tensor undecided_;  ///< [n] int64
};

}  // namespace gyroseg
