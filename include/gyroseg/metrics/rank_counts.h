#pragma once

#include <torch/types.h>

#include <cstdint>
#include <optional>
#include <vector>

namespace gyroseg {

/// A figure from binned ranks, and how far the unbinned one can be from it.
struct RankFigure {
  double value = 0;
  double error = 0;  ///< bound of |value - exact|
};

/// Ranks of numbers >= 0 that come with one of a few groups, streamed: no number is kept.
///
///   Bins    2^18: the upper bits of float32, 1024 to an octave, so that a bin is at most 0.1 % wide.
///           Numbers of one bin are ties
///   Memory  2 MiB a group
class RankCounts {
 public:
  explicit RankCounts(int groups);

  /// values floating >= 0, infinity too; groups int64 in [0, groups) or negative where not counted; one
  /// shape. A counted NaN makes every figure undefined. Throws c10::ValueError.
  void add(const torch::Tensor& values, const torch::Tensor& groups);

  /// Area under the curve of "larger means group `positive`": the probability that a number of
  /// `positive` is larger than one of `negative`, ties counting half. 1/2 tells nothing. Nothing where
  /// a group is empty.
  [[nodiscard]] std::optional<RankFigure> area(int positive, int negative) const;

  /// Spearman's correlation of the numbers with a number of each group, ties by their mean rank. Nothing
  /// where either does not vary.
  [[nodiscard]] std::optional<RankFigure> spearman(const std::vector<double>& of_groups) const;

 private:
  int groups_;
  bool broken_ = false;
  torch::Tensor counts_;  ///< [groups, bins] int64
};

}  // namespace gyroseg
