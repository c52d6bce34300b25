#pragma once

#include <torch/types.h>

#include <string>
#include <vector>

#include "gyroseg/hierarchy/fold.h"
#include "gyroseg/inference/decode.h"
#include "gyroseg/metrics/classwise_calibration.h"
#include "gyroseg/metrics/level_metrics.h"
#include "gyroseg/metrics/rank_counts.h"
#include "gyroseg/study/measures.h"

namespace gyroseg {

/// The figures of one copy of a split, streamed over its pixels.
class PixelMeasures {
 public:
  PixelMeasures(const Hierarchy& tree, const std::string& background);

  /// leaf_p [B,C,H,W] probabilities; radius [B,H,W] >= 0, undefined where the space has none; labels
  /// [B,H,W] node indices or kIgnored.
  void add(const Decoded& decoded, const torch::Tensor& leaf_p, const torch::Tensor& radius,
           const torch::Tensor& labels);

  void report(const std::string& corruption, std::vector<Measure>& out) const;

 private:
  const Hierarchy& tree_;
  LevelFolder folder_;
  LevelMetrics metrics_;
  torch::Tensor depths_;  ///< [V] int64, depth - 1
  std::vector<ClasswiseCalibration> classwise_;
  std::vector<RankCounts> doubt_;         ///< of each level: 1 - confidence, by error
  std::vector<RankCounts> radius_error_;  ///< of each level, by error
  RankCounts radius_depth_;               ///< by the depth of the labelled node
};

}  // namespace gyroseg
