#pragma once

#include <vector>

#include "gyroseg/report/panel_grid.h"

namespace gyroseg {

struct Swatch {
  ClassColor entry;  ///< its name as shown
  double x = 0;
  double y = 0;
};

struct SwatchLayout {
  std::vector<Swatch> swatches;
  double height = 0;
};

/// Squares of colour with names, in columns of one width, as many as fit into `width`, read downwards.
[[nodiscard]] SwatchLayout lay_out_swatches(const std::vector<ClassColor>& legend, double width);

void draw_swatches(Svg& svg, const SwatchLayout& layout, double left, double top);

/// The same with the marker of each entry's place in the legend (chart_marks.h) in place of squares,
/// in a colour that can be seen.
void draw_marked_swatches(Svg& svg, const SwatchLayout& layout, double left, double top);

}  // namespace gyroseg
