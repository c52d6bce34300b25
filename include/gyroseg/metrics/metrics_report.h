#pragma once

#include <torch/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace gyroseg {

/// Figures of one class of a level. Nothing stands where a figure is undefined.
struct ClassReport {
  std::string name;  ///< node name; its path where two classes of the level share the name
  std::optional<double> iou;
  std::optional<double> accuracy;  ///< recall
  std::int64_t pixels = 0;         ///< in the truth
  bool is_background = false;
  std::int64_t undecided = 0;  ///< of the pixels, those without a predicted class at the level
};

/// Over the images, each by itself: their mean and standard deviation.
struct ImageSpread {
  double mean = 0;
  double deviation = 0;
};

struct LevelReport {
  int level = 1;  ///< 1 the coarsest
  std::optional<double> miou;
  std::optional<double> miou_without_background;
  std::optional<double> pixel_accuracy;
  std::optional<double> mean_class_accuracy;
  std::optional<double> ece;
  std::optional<ImageSpread> image_miou;  ///< nothing where no image has one
  std::optional<ImageSpread> image_miou_without_background;
  std::optional<ImageSpread> image_pixel_accuracy;
  std::vector<ClassReport> classes;
  torch::Tensor confusion;  ///< [n_k,n_k] int64, rows truth; undefined when read from metrics.json
};

/// Every figure of docs/metrics.md for one decode mode.
struct MetricsReport {
  std::vector<LevelReport> levels;  ///< levels[k-1] is level k
  std::optional<double> tree_distance_of_errors;
  std::optional<double> consistency_violations;  ///< share of the pixels
  std::int64_t pixels = 0;                       ///< labelled, not ignored
};

/// A figure of images under its name in metrics.json and metrics.jsonl, where NAME_std is the deviation.
struct ImageFigure {
  const char* name;
  std::optional<ImageSpread> LevelReport::*spread;
};
inline constexpr ImageFigure kImageFigures[] = {
    {"image_miou", &LevelReport::image_miou},
    {"image_miou_without_background", &LevelReport::image_miou_without_background},
    {"image_pixel_accuracy", &LevelReport::image_pixel_accuracy}};

/// Those of a level as such files name them, NAME and NAME_std, in their order; nothing where one is undefined.
[[nodiscard]] std::vector<std::pair<std::string, std::optional<double>>> image_numbers(const LevelReport& level);

}  // namespace gyroseg
