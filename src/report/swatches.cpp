#include "swatches.h"

#include <algorithm>

#include "chart_marks.h"

namespace gyroseg {
namespace {

constexpr double kSide = 12;
constexpr double kRow = 18;
constexpr double kSwatchFont = 12;
constexpr double kBetween = 18;

}  // namespace

SwatchLayout lay_out_swatches(const std::vector<ClassColor>& legend, double width) {
  SwatchLayout layout;
  if (legend.empty()) {
    return layout;
  }
  double widest = 0;
  for (const ClassColor& entry : legend) {
    widest = std::max(widest, text_width(entry.name, kSwatchFont));
  }
  const double column = std::min(kSide + 6 + widest + kBetween, width);
  const auto columns = static_cast<std::size_t>(std::max(1.0, (width + kBetween) / column));
  const std::size_t rows = (legend.size() + columns - 1) / columns;
  for (std::size_t i = 0; i < legend.size(); ++i) {
    const std::string name = shortened(legend[i].name, kSwatchFont, column - kSide - 6);
    layout.swatches.push_back({{name, legend[i].color},
                               column * static_cast<double>(i / rows),
                               kRow * static_cast<double>(i % rows)});
  }
  layout.height = kRow * static_cast<double>(rows) + 6;
  return layout;
}

void draw_swatches(Svg& svg, const SwatchLayout& layout, double left, double top) {
  for (const Swatch& swatch : layout.swatches) {
    const double x = left + swatch.x;
    const double y = top + swatch.y;
    svg.rect(x, y, kSide, kSide,
             {.fill = hex(swatch.entry.color), .stroke = svg.theme().frame, .width = 0.7});
    svg.text(x + kSide + 6, y + 10.5, swatch.entry.name, {.size = kSwatchFont});
  }
}

void draw_marked_swatches(Svg& svg, const SwatchLayout& layout, double left, double top) {
  for (std::size_t i = 0; i < layout.swatches.size(); ++i) {
    const Swatch& swatch = layout.swatches[i];
    const double y = top + swatch.y;
    draw_marker(svg, left + swatch.x + kSide / 2, y + kSide / 2, i, 0,
                hex(readable(swatch.entry.color, svg.theme())), kSide / 2.4);
    svg.text(left + swatch.x + kSide + 6, y + 10.5, swatch.entry.name, {.size = kSwatchFont});
  }
}

}  // namespace gyroseg
