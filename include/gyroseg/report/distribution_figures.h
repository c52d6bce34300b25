#pragma once

#include <string>
#include <vector>

#include "gyroseg/report/panel_grid.h"
#include "gyroseg/report/svg.h"

namespace gyroseg {

/// Numbers of one group, not necessarily sorted; those that are not finite are left out.
struct ValueGroup {
  std::string name;
  Rgb color = {0, 114, 178};
  std::vector<double> values;
};

/// A single value beside a group, such as a class prototype.
struct ValueMark {
  int group = 0;
  double value = 0;
  std::string name;
  Rgb color;
};

/// Groups side by side as boxes: quartiles and median, whiskers from the 5th to the 95th percentile.
struct BoxFigure {
  std::string title;
  std::string x_title;
  std::string y_title;
  std::vector<ValueGroup> groups;
  std::vector<ValueMark> marks;  ///< named, to the right of their group's box
  std::string caption;
  Theme theme = {};
};
/// Throws c10::ValueError: no group, a mark of no group.
[[nodiscard]] Svg draw(const BoxFigure& figure);

/// One histogram a group, in rows over one axis, each as high as its own largest bin; the number of
/// values and the median stand beside it.
struct HistogramFigure {
  std::string title;
  std::string x_title;
  std::vector<ValueGroup> groups;
  std::string caption;
  Theme theme = {};
};
/// Throws c10::ValueError: no group.
[[nodiscard]] Svg draw(const HistogramFigure& figure);

/// The value below which a share of the sorted values lies, between neighbours linear. At least one.
[[nodiscard]] double quantile(const std::vector<double>& sorted, double share);

/// values [H,W] floats -> [H,W,3] uint8 on a scale from `low` to `high` that is even in brightness and
/// stays so for every kind of colour blindness (cividis). Throws c10::ValueError unless low < high.
[[nodiscard]] torch::Tensor heat_image(const torch::Tensor& values, double low, double high);

}  // namespace gyroseg
