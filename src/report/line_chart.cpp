#include "gyroseg/report/line_chart.h"

#include <c10/util/Exception.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "chart_marks.h"

namespace gyroseg {
namespace {

constexpr double kWidth = 720;
constexpr double kLeft = 76;
constexpr double kRight = kWidth - 24;
constexpr double kTop = 44;
constexpr double kBottom = 344;
constexpr double kLegendTop = kBottom + 62;
constexpr double kLegendRow = 22;
constexpr double kInset = 14;  // between the frame and the first and last point
constexpr int kTicksX = 10;
constexpr int kTicksY = 6;
constexpr int kTicksLog = 9;
constexpr double kChartFont = 12;
constexpr double kMarkersPerLine = 16;
constexpr double kLargestDrawn = 1e100;
constexpr double kSmallestDrawn = 1e-100;  // of a logarithmic axis
// A y axis begins at 0 where the least value is below this share of the largest.
constexpr double kNearZero = 0.4;

bool drawable(double value) { return std::isfinite(value) && std::abs(value) < kLargestDrawn; }

bool has_point(const Series& s, std::size_t i) { return drawable(s.x[i]) && drawable(s.y[i]); }

bool has_band(const Series& s, std::size_t i) {
  return !s.low.empty() && drawable(s.x[i]) && drawable(s.low[i]) && drawable(s.high[i]);
}

struct Range {
  double low = std::numeric_limits<double>::infinity();
  double high = -low;

  void add(double value) {
    low = std::min(low, value);
    high = std::max(high, value);
  }
  [[nodiscard]] Range or_unit() const { return low <= high ? *this : Range{0, 1}; }
};

void check(const Series& s) {
  const auto fits = [&](const std::vector<double>& band) {
    return band.size() == s.y.size() || (band.empty() && s.low.size() == s.high.size());
  };
  TORCH_CHECK_VALUE(s.x.size() == s.y.size() && fits(s.low) && fits(s.high), "LineChart: series \"",
                    s.name, "\" has ", s.x.size(), " x, ", s.y.size(), " y, ", s.low.size(),
                    " low and ", s.high.size(), " high values");
}

// Those of `values`, then the distinct others in the order of their first appearance.
std::vector<std::string> distinct(const std::vector<Series>& series, std::string Series::*field,
                                  std::vector<std::string> values = {}) {
  for (const Series& s : series) {
    if (std::find(values.begin(), values.end(), s.*field) == values.end()) {
      values.push_back(s.*field);
    }
  }
  return values;
}

std::size_t place(const std::vector<std::string>& values, const std::string& value) {
  return std::find(values.begin(), values.end(), value) - values.begin();
}

// The names that have a series, then the kinds that have one, where there may be several.
std::vector<LegendEntry> legend_of(const LineChart& chart, const std::vector<std::string>& names,
                                   const std::vector<std::string>& kinds) {
  std::vector<LegendEntry> entries;
  const auto add = [&](const std::vector<std::string>& values, std::string Series::*field, bool is_kind) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      const auto has_value = [&](const Series& s) { return s.*field == values[i]; };
      if (std::any_of(chart.series.begin(), chart.series.end(), has_value)) {
        entries.push_back({values[i], is_kind, i});
      }
    }
  };
  add(names, &Series::name, false);
  if (kinds.size() > 1 || !chart.kinds.empty()) {
    add(kinds, &Series::kind, true);
  }
  return entries;
}

void draw_axes(Svg& svg, const LineChart& chart, const ChartFrame& frame) {
  const Paint grid = {.stroke = svg.theme().grid};
  for (std::size_t i = 0; i < frame.y.ticks().size(); ++i) {
    const double y = frame.y(frame.y.ticks()[i]);
    svg.line(kLeft, y, kRight, y, grid);
    svg.text(kLeft - 8, y + 4, frame.y.labels()[i], {.size = kChartFont, .anchor = Anchor::end});
  }
  for (std::size_t i = 0; i < frame.x.ticks().size(); ++i) {
    const double x = frame.x(frame.x.ticks()[i]);
    svg.line(x, kTop, x, kBottom, grid);
    svg.text(x, kBottom + 18, frame.x.labels()[i], {.size = kChartFont, .anchor = Anchor::middle});
  }
  svg.rect(kLeft, kTop, kRight - kLeft, kBottom - kTop, {.stroke = svg.theme().frame});
  const double middle_x = (kLeft + kRight) / 2;
  const double middle_y = (kTop + kBottom) / 2;
  svg.text(kLeft, 27, shortened(chart.title, 15, kRight - kLeft, true), {.size = 15, .bold = true});
  svg.text(middle_x, kBottom + 40, shortened(chart.x_title, kChartFont, kRight - kLeft),
           {.size = kChartFont, .anchor = Anchor::middle});
  svg.text(20, middle_y, shortened(chart.y_title, kChartFont, kBottom - kTop),
           {.size = kChartFont, .anchor = Anchor::middle, .angle = -90});
}

// Each stretch without a gap is a closed outline, a single point an upright line.
void draw_band(Svg& svg, const Series& s, const ChartFrame& frame, const std::string& color) {
  SvgPath outline;
  SvgPath upright;
  for (std::size_t first = 0; first < s.x.size(); ++first) {
    if (!has_band(s, first)) {
      continue;
    }
    std::size_t end = first;
    for (; end < s.x.size() && has_band(s, end); ++end) {
      const double x = frame.x(s.x[end]);
      const double y = frame.y(s.high[end]);
      end == first ? outline.move_to(x, y) : outline.line_to(x, y);
    }
    for (std::size_t i = end; i-- > first;) {
      outline.line_to(frame.x(s.x[i]), frame.y(s.low[i]));
    }
    outline.close();
    if (end == first + 1) {
      upright.move_to(frame.x(s.x[first]), frame.y(s.low[first]));
      upright.line_to(frame.x(s.x[first]), frame.y(s.high[first]));
    }
    first = end;
  }
  svg.path(outline, {.fill = color, .opacity = 0.15});
  svg.path(upright, {.stroke = color, .width = 4, .opacity = 0.25});
}

SvgPath line_of(const Series& s, const ChartFrame& frame) {
  SvgPath line;
  for (std::size_t i = 0; i < s.x.size(); ++i) {
    if (has_point(s, i)) {
      const bool joined = i > 0 && has_point(s, i - 1);
      joined ? line.line_to(frame.x(s.x[i]), frame.y(s.y[i]))
             : line.move_to(frame.x(s.x[i]), frame.y(s.y[i]));
    }
  }
  return line;
}

// Some of the points, by turns for each name and kind, and every one that no line reaches.
void draw_markers(Svg& svg, const Series& s, const ChartFrame& frame, std::size_t name,
                  std::size_t kind) {
  const auto stride = static_cast<std::size_t>(
      std::max(1.0, std::ceil(static_cast<double>(s.x.size()) / kMarkersPerLine)));
  for (std::size_t i = 0; i < s.x.size(); ++i) {
    const bool alone = (i == 0 || !has_point(s, i - 1)) &&
                       (i + 1 == s.x.size() || !has_point(s, i + 1));
    if (has_point(s, i) && (alone || i % stride == (name + kind) % stride)) {
      draw_marker(svg, frame.x(s.x[i]), frame.y(s.y[i]), name, kind,
                  readable(series_color(name), svg.theme()));
    }
  }
}

Axis x_axis_of(const Range& x, const std::vector<double>& ticks, double least_step) {
  if (!ticks.empty()) {
    return Axis::through(ticks, kLeft + kInset, kRight - kInset);
  }
  return Axis::over(x.low, x.high, kLeft + kInset, kRight - kInset, kTicksX, /*loose=*/false,
                    least_step);
}

}  // namespace

ChartFrame frame_of(const LineChart& chart) {
  Range x;
  Range y;
  Range bands;
  for (const Series& s : chart.series) {
    check(s);
    for (std::size_t i = 0; i < s.x.size(); ++i) {
      if (has_point(s, i)) {
        x.add(s.x[i]);
        y.add(s.y[i]);
      }
      if (has_band(s, i)) {
        x.add(s.x[i]);
        bands.add(s.low[i]);
        bands.add(s.high[i]);
      }
    }
  }
  const Axis x_axis = x_axis_of(x.or_unit(), chart.x_ticks, chart.x_least_step);
  if (chart.log_beyond > 0 && y.low > kSmallestDrawn && y.high > chart.log_beyond * y.low &&
      y.low <= y.high) {
    const double high = std::max(y.high, bands.high);
    return {x_axis, Axis::logarithmic(y.low, high, kBottom, kTop, kTicksLog)};
  }
  const bool cut = y.low >= 0 && bands.low < 0;
  y.low = std::min(y.low, cut ? 0 : bands.low);
  y.high = std::max(y.high, bands.high);
  y = y.or_unit();
  if (y.low > 0 && y.low < kNearZero * y.high) {
    y.low = 0;
  }
  return {x_axis, Axis::over(y.low, y.high, kBottom, kTop, kTicksY, /*loose=*/true)};
}

Svg draw(const LineChart& chart) {
  const ChartFrame frame = frame_of(chart);
  const std::vector<std::string> names = distinct(chart.series, &Series::name, chart.names);
  const std::vector<std::string> kinds = distinct(chart.series, &Series::kind, chart.kinds);
  const Legend legend = lay_out_legend(legend_of(chart, names, kinds), kRight - kLeft);
  Svg svg(kWidth, kLegendTop + kLegendRow * legend.rows + 4, chart.title, chart.theme);
  draw_axes(svg, chart, frame);
  svg.open_clip(kLeft, kTop, kRight - kLeft, kBottom - kTop);
  for (const Series& s : chart.series) {
    draw_band(svg, s, frame, series_color(place(names, s.name)));
  }
  svg.close_group();
  for (const Series& s : chart.series) {
    const std::size_t name = place(names, s.name);
    const std::size_t kind = place(kinds, s.kind);
    svg.path(line_of(s, frame),
             {.stroke = readable(series_color(name), svg.theme()), .width = 1.8,
              .dash = series_dash(kind)});
    draw_markers(svg, s, frame, name, kind);
  }
  draw_legend(svg, legend, kLeft, kLegendTop, kLegendRow);
  return svg;
}

}  // namespace gyroseg
