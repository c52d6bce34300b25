#include "chart_marks.h"

#include <algorithm>
#include <array>
#include <utility>

#include "gyroseg/report/line_chart.h"

namespace gyroseg {
namespace {

// Lengths of a legend's lines: that of a kind shows its dash on both sides of the marker.
constexpr double kNameSample = 34;
constexpr double kKindSample = 56;
constexpr double kGap = 8;  // between sample and text
constexpr double kBetween = 22;
constexpr double kFontSize = 12;

using Corners = std::vector<std::array<double, 2>>;

enum class Filling { full, empty, half, dot, pale, bar };
constexpr std::size_t kFillings = 6;

// The six dashes meet other fillings in each of three rounds.
Filling filling_of(std::size_t kind) {
  return static_cast<Filling>((kind + 2 * (kind / kFillings)) % kFillings);
}

// Corners of the markers but the first, a circle, of size 1.
const Corners& corners_of(std::size_t name) {
  static const std::vector<Corners> shapes = {
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
  return shapes[name % shapes.size()];
}

// What of a polygon lies right of x = 0.
Corners right_of_centre(const Corners& shape) {
  Corners half;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    const auto& [x, y] = shape[i];
    const auto& [next_x, next_y] = shape[(i + 1) % shape.size()];
    if (x >= 0) {
      half.push_back({x, y});
    }
    if ((x < 0) != (next_x < 0)) {
      half.push_back({0, y + (next_y - y) * x / (x - next_x)});
    }
  }
  return half;
}

double sample_length(const LegendEntry& entry) { return entry.is_kind ? kKindSample : kNameSample; }

double entry_width(const LegendEntry& entry) {
  return sample_length(entry) + kGap + text_width(entry.text, kFontSize);
}

void draw_polygon(Svg& svg, double x, double y, const Corners& shape, double size, const Paint& paint) {
  SvgPath outline;
  for (const auto& [dx, dy] : shape) {
    const double corner_x = x + size * dx;
    const double corner_y = y + size * dy;
    outline.empty() ? outline.move_to(corner_x, corner_y) : outline.line_to(corner_x, corner_y);
  }
  svg.path(outline.close(), paint);
}

void draw_shape(Svg& svg, double x, double y, std::size_t name, double size, const Paint& paint) {
  const Corners& shape = corners_of(name);
  if (shape.empty()) {
    svg.circle(x, y, size, paint);
  } else {
    draw_polygon(svg, x, y, shape, size, paint);
  }
}

void draw_right_half(Svg& svg, double x, double y, std::size_t name, double size, const Paint& paint) {
  const Corners& shape = corners_of(name);
  if (shape.empty()) {
    SvgPath half;
    svg.path(half.move_to(x, y - size).arc_to(size, /*clockwise=*/true, x, y + size).close(), paint);
  } else {
    draw_polygon(svg, x, y, right_of_centre(shape), size, paint);
  }
}

using Entry = std::vector<LegendEntry>::iterator;

// One after the other, in rows of at most `width` pixels. Returns their number.
int flow(Entry first, Entry end, double width) {
  double x = 0;
  int row = 0;
  for (Entry entry = first; entry != end; ++entry) {
    if (x > 0 && x + entry_width(*entry) > width) {
      x = 0;
      ++row;
    }
    entry->x = x;
    entry->row = row;
    x += entry_width(*entry) + kBetween;
  }
  return first == end ? 0 : row + 1;
}

// In columns of one width, from row `top`; by twos where they need several rows, so that both data sets of a
// decode mode share one. Returns the number of rows.
int stand_in_columns(Entry first, Entry end, double width, int top) {
  const auto count = static_cast<int>(end - first);
  double widest = 0;
  for (Entry entry = first; entry != end; ++entry) {
    widest = std::max(widest, entry_width(*entry));
  }
  const int fitting = std::max(1, static_cast<int>((width + kBetween) / (widest + kBetween)));
  const int columns = fitting > 1 && fitting < count ? fitting - fitting % 2 : fitting;
  for (int i = 0; i < count; ++i) {
    first[i].x = (widest + kBetween) * (i % columns);
    first[i].row = top + i / columns;
  }
  return (count + columns - 1) / columns;
}

}  // namespace

const std::string& series_color(std::size_t index) {
  static const std::array<std::string, 7> colors = {"#0072b2", "#d55e00", "#009e73", "#cc79a7",
                                                    "#e69f00", "#56b4e9", "#000000"};
  return colors[index % colors.size()];
}

const std::string& series_dash(std::size_t index) {
  static const std::array<std::string, 6> dashes = {"",    "7 4",      "15 5",
                                                    "2 4", "14 3 3 3", "7 3 2 3 2 3"};
  return dashes[index % dashes.size()];
}

void draw_marker(Svg& svg, double x, double y, std::size_t name, std::size_t kind,
                 const std::string& color, double size) {
  const double rim = 0.4 * size;
  const std::string& ground = svg.theme().ground;
  const Filling filling = filling_of(kind);
  if (filling == Filling::full) {
    draw_shape(svg, x, y, name, size, {.fill = color, .stroke = ground, .width = 0.2 * size});
    return;
  }
  draw_shape(svg, x, y, name, size, {.fill = ground, .stroke = color, .width = rim});
  if (filling == Filling::half) {
    draw_right_half(svg, x, y, name, size, {.fill = color});
  } else if (filling == Filling::dot) {
    svg.circle(x, y, rim, {.fill = color});
  } else if (filling == Filling::pale) {
    draw_shape(svg, x, y, name, size, {.fill = color, .opacity = 0.35});
  } else if (filling == Filling::bar) {
    svg.line(x - 0.7 * size, y, x + 0.7 * size, y, {.stroke = color, .width = rim});
  }
}

Legend lay_out_legend(std::vector<LegendEntry> entries, double width) {
  Legend legend;
  for (LegendEntry& entry : entries) {
    entry.text = shortened(entry.text, kFontSize, width - sample_length(entry) - kGap);
  }
  const auto kinds = std::stable_partition(entries.begin(), entries.end(),
                                           [](const LegendEntry& entry) { return !entry.is_kind; });
  legend.rows = flow(entries.begin(), kinds, width);
  legend.rows += stand_in_columns(kinds, entries.end(), width, legend.rows);
  legend.entries = std::move(entries);
  return legend;
}

void draw_legend(Svg& svg, const Legend& legend, double left, double top, double row_height) {
  for (const LegendEntry& entry : legend.entries) {
    const double x = left + entry.x;
    const double y = top + row_height * (entry.row + 0.5);
    const double sample = sample_length(entry);
    if (entry.is_kind) {
      svg.line(x, y, x + sample, y,
               {.stroke = svg.theme().muted, .width = 1.8, .dash = series_dash(entry.index)});
      draw_marker(svg, x + sample / 2, y, 0, entry.index, svg.theme().muted);
    } else {
      const std::string color = readable(series_color(entry.index), svg.theme());
      svg.line(x, y, x + sample, y, {.stroke = color, .width = 1.8});
      draw_marker(svg, x + sample / 2, y, entry.index, 0, color);
    }
    svg.text(x + sample + kGap, y + 4, entry.text, {.size = kFontSize});
  }
}

}  // namespace gyroseg
