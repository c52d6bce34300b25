#pragma once

#include <torch/types.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "gyroseg/hierarchy/fold.h"
#include "gyroseg/hierarchy/hierarchy.h"
#include "gyroseg/inference/decode.h"
#include "gyroseg/metrics/calibration.h"
#include "gyroseg/metrics/confusion.h"
#include "gyroseg/metrics/image_figures.h"
#include "gyroseg/metrics/metrics_report.h"

namespace gyroseg {

/// The names of level k's classes, by class index: node names, paths where two of them share a name.
[[nodiscard]] std::vector<std::string> class_names(const Hierarchy& tree, int k);

/// One class that takes nearly all leaf predictions.
struct Collapse {
  std::string name;
  double share = 0;
};

/// Per-level figures of a whole data set, streamed. Definitions, and an example: docs/metrics.md.
///
///   Symbols  B batch, H,W pixels, V nodes, L levels, n_k classes of level k
///   Memory   sum over k of n_k^2 counts, whatever the number of images
///   Labels   an inner node counts only in the levels that it determines
///   Undecided  a pixel without a predicted class at a level (decode: backoff) is wrong there: FN of its
///            true class, FP of none. It takes no part in the level's calibration, in the tree distance
///            of errors and in the consistency
class LevelMetrics {
 public:
  /// background: auto | none | a node (metrics/background.h). Throws HierarchyError where the tree
  /// has no such node.
  LevelMetrics(const Hierarchy& tree, const std::string& background);

  /// Adds images. labels [B,H,W] int64: node index in [0,V) or kIgnored; decoded: L levels of
  /// [B,H,W]. Any device; labels are read where the predictions are. Throws c10::ValueError.
  void add(const Decoded& decoded, const torch::Tensor& labels);

  /// Replaces every count by what `sum` makes of it in place, tensors on the CPU in a fixed order:
  /// with a sum over several processes the figures are those of all their images.
  void merge(const std::function<void(torch::Tensor&)>& sum);

  [[nodiscard]] MetricsReport report() const;

  /// The class that takes more than 99 % of the leaf predictions, in a tree of two or more leaves.
  [[nodiscard]] std::optional<Collapse> collapsed() const;

 private:
  [[nodiscard]] LevelReport level_report(int k) const;
  [[nodiscard]] std::optional<double> tree_distance_of_errors() const;

  Hierarchy tree_;
  LevelFolder folder_;
  std::vector<ConfusionMatrix> confusion_;
  std::vector<torch::Tensor> background_classes_;  ///< [L] of [n_k] bool
  std::vector<ImageFigures> images_;
  std::vector<CalibrationBins> calibration_;
  std::int64_t pixels_ = 0;
  std::int64_t violations_ = 0;
};

}  // namespace gyroseg
