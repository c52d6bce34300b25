#pragma once

#include <array>
#include <optional>

#include "gyroseg/metrics/metrics_report.h"

namespace gyroseg {

/// A figure named by its place in the tree, for any depth, without background (docs/metrics.md).
struct PlaceFigure {
  const char* metric;  ///< "mean_root_iou", as files name it
  const char* name;    ///< "mean root IoU"
  std::optional<double> (*share)(const MetricsReport& report);  ///< nothing where undefined
};

/// Root: mIoU without background of level 1; leaf: that of the last level; middle: the mean of those
/// of the levels between that have one.
[[nodiscard]] const std::array<PlaceFigure, 3>& root_middle_leaf();

}  // namespace gyroseg
