#pragma once

#include <string>
#include <vector>

#include "gyroseg/report/axis.h"
#include "gyroseg/report/svg.h"

namespace gyroseg {

/// A line through points in the order given, and a band around it where low and high are not empty.
///
///   Gaps   where x, y, or an end of the band is no number, infinite, or 1e100 and larger
struct Series {
  std::string name;  ///< decides colour and marker
  std::string kind;  ///< decides the dash and the filling of markers; may be ""
  std::vector<double> x;
  std::vector<double> y;
  std::vector<double> low = {};   ///< empty, or as long as y
  std::vector<double> high = {};  ///< likewise
};

/// Curves over one pair of axes. The legend below them names each distinct name once, by its colour
/// and marker, and each distinct kind once, by its dash and the filling of markers: three runs on
/// two data sets are five entries. Up to 56 names and 18 kinds look different, the first 6 kinds in both
/// dash and filling.
struct LineChart {
  std::string title = "";
  std::string x_title = "";
  std::string y_title = "";
  std::vector<Series> series = {};
  double x_least_step = 0;  ///< least distance of ticks along x: 1 for counts
  /// Not empty: the x axis is logarithmic, from the first of these ticks to the last (Axis::through).
  std::vector<double> x_ticks = {};
  /// The y axis is logarithmic where all points are positive and the largest is more than this many
  /// times the smallest; 0: never.
  double log_beyond = 0;
  /// The order in which names get their colours, so that charts of the same runs agree though some
  /// lack a run. Names that are not in it follow as they appear.
  std::vector<std::string> names = {};
  /// Likewise of kinds and dashes: the first is solid. Not empty: the legend names even a lone kind.
  std::vector<std::string> kinds = {};
  Theme theme = {};
};

/// The axes of a chart in pixels: x spans the data, y is widened to ticks, and down to 0 where the
/// data begin near it. Bands are cut off at 0 where no point lies below. 0 to 1 along an axis
/// without data. Throws c10::ValueError where the vectors of a series differ in length.
struct ChartFrame {
  Axis x;
  Axis y;
};
[[nodiscard]] ChartFrame frame_of(const LineChart& chart);

/// 720 pixels wide, as high as the legend needs. Throws c10::ValueError as frame_of.
[[nodiscard]] Svg draw(const LineChart& chart);

/// Colours that stay apart for every kind of colour blindness, and dark enough for white: those of
/// Okabe and Ito (2008) without yellow. index >= 0, repeats after seven.
[[nodiscard]] const std::string& series_color(std::size_t index);

}  // namespace gyroseg
