#pragma once

#include <string>
#include <vector>

#include "gyroseg/report/svg.h"

namespace gyroseg {

/// SVG's stroke-dasharray of kind `index`; the first is solid. Repeats after six.
[[nodiscard]] const std::string& series_dash(std::size_t index);

/// A marker centred at (x, y): the shape is that of name `name`, the filling that of kind `kind`
/// (full, empty, half, empty with a dot, pale, empty with a bar; dash and filling repeat together after
/// eighteen). size: half of its extent.
void draw_marker(Svg& svg, double x, double y, std::size_t name, std::size_t kind,
                 const std::string& color, double size = 4);

/// One line of text with a sample before it.
struct LegendEntry {
  std::string text;
  bool is_kind = false;
  std::size_t index = 0;  ///< among the names, or among the kinds
  double x = 0;           ///< left end, from the legend's own
  int row = 0;
};

struct Legend {
  std::vector<LegendEntry> entries;
  int rows = 0;
};

/// The entries in rows of at most `width` pixels, the kinds below the names and in columns; what is wider
/// by itself is shortened.
[[nodiscard]] Legend lay_out_legend(std::vector<LegendEntry> entries, double width);

/// top: y of the first row's upper end.
void draw_legend(Svg& svg, const Legend& legend, double left, double top, double row_height);

}  // namespace gyroseg
