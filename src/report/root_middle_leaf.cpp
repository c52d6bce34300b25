#include "gyroseg/report/root_middle_leaf.h"

#include <cstddef>

namespace gyroseg {
namespace {

std::optional<double> root_iou(const MetricsReport& report) {
  return report.levels.empty() ? std::nullopt : report.levels.front().miou_without_background;
}

std::optional<double> middle_iou(const MetricsReport& report) {
  double sum = 0;
  int levels = 0;
  for (std::size_t k = 1; k + 1 < report.levels.size(); ++k) {
    if (report.levels[k].miou_without_background) {
      sum += *report.levels[k].miou_without_background;
      ++levels;
    }
  }
  return levels == 0 ? std::nullopt : std::optional<double>(sum / levels);
}

std::optional<double> leaf_iou(const MetricsReport& report) {
  return report.levels.empty() ? std::nullopt : report.levels.back().miou_without_background;
}

}  // namespace

const std::array<PlaceFigure, 3>& root_middle_leaf() {
  static const std::array<PlaceFigure, 3> kFigures = {{{"mean_root_iou", "mean root IoU", root_iou},
                                                       {"mean_middle_iou", "mean middle IoU", middle_iou},
                                                       {"mean_leaf_iou", "mean leaf IoU", leaf_iou}}};
  return kFigures;
}

}  // namespace gyroseg
