#pragma once

#include <torch/types.h>

#include <functional>

#include "gyroseg/metrics/moments.h"

namespace gyroseg {

/// Figures of every image by itself, as mean and deviation over the images; an image that has none, as
/// without a labelled pixel, is left out.
struct ImageFigures {
  Moments miou;  ///< mean IoU over the classes that the image's truth or prediction has
  Moments miou_without_background;
  Moments pixel_accuracy;

  /// Adds images. counts [B,n,n+1] int64 on the CPU, of ConfusionMatrix::add; background [n] bool: the
  /// classes that miou_without_background leaves out.
  void add(const torch::Tensor& counts, const torch::Tensor& background);

  /// Replaces the figures by those over several processes. sum: as in LevelMetrics::merge.
  void merge(const std::function<void(torch::Tensor&)>& sum);
};

/// The moments over several processes, whose tensors `sum` adds up in place.
[[nodiscard]] Moments merged(const Moments& mine, const std::function<void(torch::Tensor&)>& sum);

}  // namespace gyroseg
