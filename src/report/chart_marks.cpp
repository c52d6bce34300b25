#include "chart_marks.h"

#include <array>
#include <utility>

#include "gyroseg/report/line_chart.h"

namespace gyroseg {
namespace {

constexpr double kSample = 34;  // length of a legend's line
constexpr double kGap = 8;      // between sample and text
constexpr double kBetween = 22;
constexpr double kFontSize = 12;

// Corners of the markers but the first, a circle, of size 1.
const std::vector<std::vector<std::array<double, 2>>>& corners() {
  static const std::vector<std::vector<std::array<double, 2>>> shapes = {
      {},
      {{-0.9, -0.9}, {0.9, -0.9}, {0.9, 0.9}, {-0.9, 0.9}},                 // square
      {{0, -1.2}, {1.1, 0.8}, {-1.1, 0.8}},                                 // triangle
      {{0, -1.3}, {1.3, 0}, {0, 1.3}, {-1.3, 0}},                           // diamond
      {{0, 1.2}, {-1.1, -0.8}, {1.1, -0.8}},                                // triangle, tip down
      {{-0.35, -1.2}, {0.35, -1.2}, {0.35, -0.35}, {1.2, -0.35}, {1.2, 0.35}, {0.35, 0.35},  // plus
       {0.35, 1.2}, {-0.35, 1.2}, {-0.35, 0.35}, {-1.2, 0.35}, {-1.2, -0.35}, {-0.35, -0.35}},
      {{-1.2, 0}, {1.1, -1.1}, {1.1, 1.1}},                                 // triangle, tip left
      {{0, -1.2}, {1.15, -0.37}, {0.7, 1}, {-0.7, 1}, {-1.15, -0.37}},      // pentagon
  };
  return shapes;
}

double entry_width(const LegendEntry& entry) {
  return kSample + kGap + text_width(entry.text, kFontSize);
}

void draw_shape(Svg& svg, double x, double y, std::size_t name, double size, const Paint& paint) {
  const auto& shape = corners()[name % corners().size()];
  if (shape.empty()) {
    svg.circle(x, y, size, paint);
    return;
  }
  SvgPath outline;
  for (const auto& [dx, dy] : shape) {
    const double corner_x = x + size * dx;
    const double corner_y = y + size * dy;
    outline.empty() ? outline.move_to(corner_x, corner_y) : outline.line_to(corner_x, corner_y);
  }
  svg.path(outline.close(), paint);
}

}  // namespace

const std::string& series_color(std::size_t index) {
  static const std::array<std::string, 7> colors = {"#0072b2", "#d55e00", "#009e73", "#cc79a7",
                                                    "#e69f00", "#56b4e9", "#000000"};
  return colors[index % colors.size()];
}

const std::string& series_dash(std::size_t index) {
  static const std::array<std::string, 6> dashes = {"",        "7 4",  "2 3",
                                                    "9 3 2 3", "14 4", "4 2 1 2 1 2"};
  return dashes[index % dashes.size()];
}

void draw_marker(Svg& svg, double x, double y, std::size_t name, std::size_t kind,
                 const std::string& color, double size) {
  const double rim = 0.4 * size;
  const std::string& ground = svg.theme().ground;
  const std::size_t filling = kind % 4;
  if (filling == 0) {
    draw_shape(svg, x, y, name, size, {.fill = color, .stroke = ground, .width = 0.2 * size});
    return;
  }
  draw_shape(svg, x, y, name, size, {.fill = ground, .stroke = color, .width = rim});
  if (filling == 2) {
    draw_shape(svg, x, y, name, size, {.fill = color, .opacity = 0.35});
  } else if (filling == 3) {
    svg.circle(x, y, rim, {.fill = color});
  }
}

Legend lay_out_legend(std::vector<LegendEntry> entries, double width) {
  Legend legend;
  double x = 0;
  bool kinds = false;
  for (LegendEntry& entry : entries) {
    entry.text = shortened(entry.text, kFontSize, width - kSample - kGap);
    const bool first_kind = entry.is_kind && !kinds;
    kinds = entry.is_kind;
    if (x > 0 && (first_kind || x + entry_width(entry) > width)) {
      x = 0;
      ++legend.rows;
    }
    entry.x = x;
    entry.row = legend.rows;
    x += entry_width(entry) + kBetween;
  }
  legend.rows += entries.empty() ? 0 : 1;
  legend.entries = std::move(entries);
  return legend;
}

void draw_legend(Svg& svg, const Legend& legend, double left, double top, double row_height) {
  for (const LegendEntry& entry : legend.entries) {
    const double x = left + entry.x;
    const double y = top + row_height * (entry.row + 0.5);
    if (entry.is_kind) {
      svg.line(x, y, x + kSample, y,
               {.stroke = svg.theme().muted, .width = 1.8, .dash = series_dash(entry.index)});
      draw_marker(svg, x + kSample / 2, y, 0, entry.index, svg.theme().muted);
    } else {
      const std::string color = readable(series_color(entry.index), svg.theme());
      svg.line(x, y, x + kSample, y, {.stroke = color, .width = 1.8});
      draw_marker(svg, x + kSample / 2, y, entry.index, 0, color);
    }
    svg.text(x + kSample + kGap, y + 4, entry.text, {.size = kFontSize});
  }
}

}  // namespace gyroseg
