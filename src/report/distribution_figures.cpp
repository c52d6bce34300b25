#include "gyroseg/report/distribution_figures.h"

#include <c10/util/Exception.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>

#include "gyroseg/report/axis.h"
#include "label_places.h"

namespace gyroseg {
namespace {

constexpr double kFigureWidth = 720;
constexpr double kFigureLeft = 76;
constexpr double kFigureRight = kFigureWidth - 24;
constexpr double kFigureTop = 44;
constexpr double kFigureFont = 12;
constexpr double kFigureCaption = 11.5;
constexpr double kFigureCaptionRow = 16;
constexpr double kNameRow = 14;
constexpr double kNameAt = 22;  // from its mark

struct ValueSpan {
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();
  void add(double value) {
    low = std::min(low, value);
    high = std::max(high, value);
  }
};

std::vector<double> sorted_values(const ValueGroup& group) {
  std::vector<double> values;
  std::copy_if(group.values.begin(), group.values.end(), std::back_inserter(values),
               [](double value) { return std::isfinite(value); });
  std::sort(values.begin(), values.end());
  return values;
}

std::string value_text(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3g", value);
  return text;
}

void draw_heading(Svg& svg, const std::string& title) {
  svg.text(kFigureLeft, 27, shortened(title, 15, kFigureRight - kFigureLeft, true),
           {.size = 15, .bold = true});
}

void draw_caption(Svg& svg, const std::vector<std::string>& lines, double top) {
  for (std::size_t i = 0; i < lines.size(); ++i) {
    svg.text(kFigureLeft, top + kFigureCaptionRow * static_cast<double>(i + 1) - 4, lines[i],
             {.size = kFigureCaption, .color = svg.theme().muted});
  }
}

void draw_box(Svg& svg, const std::vector<double>& values, const Axis& y, double middle, double half,
              const std::string& color) {
  const double low = y(quantile(values, 0.05)), high = y(quantile(values, 0.95));
  const double first = y(quantile(values, 0.25)), third = y(quantile(values, 0.75));
  const double median = y(quantile(values, 0.5));
  const Paint line = {.stroke = color, .width = 1.6};
  svg.line(middle, low, middle, high, line);
  svg.line(middle - half / 2, low, middle + half / 2, low, line);
  svg.line(middle - half / 2, high, middle + half / 2, high, line);
  svg.rect(middle - half, third, 2 * half, std::max(0.5, first - third),
           {.fill = svg.theme().ground, .stroke = color, .width = 1.6});
  svg.rect(middle - half, third, 2 * half, std::max(0.5, first - third), {.fill = color, .opacity = 0.25});
  svg.line(middle - half, median, middle + half, median, {.stroke = color, .width = 3});
}

// The marks of one group, one above the other at x, and their names beside them, clear of each other and
// at most `room` wide.
void draw_marks(Svg& svg, const BoxFigure& figure, int group, const Axis& y, double x,
                double room) {
  constexpr double kNameSize = 11;
  std::vector<const ValueMark*> marks;
  for (const ValueMark& mark : figure.marks) {
    if (mark.group == group && std::isfinite(mark.value)) {
      marks.push_back(&mark);
    }
  }
  std::stable_sort(marks.begin(), marks.end(),
                   [](const ValueMark* a, const ValueMark* b) { return a->value > b->value; });
  std::vector<double> rows;
  for (const ValueMark* mark : marks) {
    rows.push_back(y(mark->value));
  }
  rows = spread_apart(rows, kNameRow, y(y.high()) + kNameRow / 2, y(y.low()) - kNameRow / 2);
  for (std::size_t i = 0; i < marks.size(); ++i) {
    const double at = y(marks[i]->value);
    svg.line(x, at, x + kNameAt - 3, rows[i], {.stroke = figure.theme.muted, .width = 0.8});
    svg.circle(x, at, 5, {.fill = hex(readable(marks[i]->color, figure.theme)),
                          .stroke = figure.theme.text, .width = 1.2});
    svg.text(x + kNameAt, rows[i] + kNameSize / 3, shortened(marks[i]->name, kNameSize, room),
             {.size = kNameSize, .halo = true});
  }
}

}  // namespace

double quantile(const std::vector<double>& sorted, double share) {
  TORCH_CHECK_VALUE(!sorted.empty(), "quantile: expected values, got none");
  const double place = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(place);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (place - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

Svg draw(const BoxFigure& figure) {
  TORCH_CHECK_VALUE(!figure.groups.empty(), "BoxFigure: expected a group, got none");
  constexpr double kLeastHeight = 340;
  constexpr int kTicks = 7;
  std::vector<double> rows(figure.groups.size());
  ValueSpan span;
  span.add(0);
  std::vector<std::vector<double>> sorted;
  for (const ValueGroup& group : figure.groups) {
    sorted.push_back(sorted_values(group));
    if (!sorted.back().empty()) {
      span.add(quantile(sorted.back(), 0.05));
      span.add(quantile(sorted.back(), 0.95));
    }
  }
  for (const ValueMark& mark : figure.marks) {
    TORCH_CHECK_VALUE(mark.group >= 0 && mark.group < static_cast<int>(figure.groups.size()),
                      "BoxFigure: group ", mark.group, " of ", figure.groups.size());
    span.add(std::isfinite(mark.value) ? mark.value : 0);
    rows[mark.group] += kNameRow;
  }
  // As high as the names of its fullest column.
  const double bottom = kFigureTop + std::max(kLeastHeight, *std::max_element(rows.begin(), rows.end()));
  const auto caption = wrapped_text(figure.caption, kFigureCaption, kFigureRight - kFigureLeft);
  Svg svg(kFigureWidth, bottom + 56 + kFigureCaptionRow * static_cast<double>(caption.size()),
          figure.title, figure.theme);
  draw_heading(svg, figure.title);
  const Axis y = Axis::over(span.low, span.high, bottom, kFigureTop, kTicks, /*loose=*/true);
  for (std::size_t i = 0; i < y.ticks().size(); ++i) {
    const double at = y(y.ticks()[i]);
    svg.line(kFigureLeft, at, kFigureRight, at, {.stroke = figure.theme.grid});
    svg.text(kFigureLeft - 8, at + 4, y.labels()[i], {.size = kFigureFont, .anchor = Anchor::end});
  }
  const double column = (kFigureRight - kFigureLeft) / static_cast<double>(figure.groups.size());
  const double half = std::min(34.0, column / 6);
  const auto box_at = [&](int i) { return kFigureLeft + column * (i + 0.3); };
  for (std::size_t i = 0; i < figure.groups.size(); ++i) {
    const ValueGroup& group = figure.groups[i];
    if (!sorted[i].empty()) {
      draw_box(svg, sorted[i], y, box_at(static_cast<int>(i)), half,
               hex(readable(group.color, figure.theme)));
    }
    svg.text(kFigureLeft + column * (static_cast<double>(i) + 0.5), bottom + 18,
             shortened(group.name, kFigureFont, column - 4), {.size = kFigureFont, .anchor = Anchor::middle});
  }
  for (int i = 0; i < static_cast<int>(figure.groups.size()); ++i) {
    const double x = box_at(i) + half + 16;
    const double end = i + 1 < static_cast<int>(figure.groups.size()) ? box_at(i + 1) - half : kFigureRight;
    draw_marks(svg, figure, i, y, x, end - x - kNameAt - 4);
  }
  svg.rect(kFigureLeft, kFigureTop, kFigureRight - kFigureLeft, bottom - kFigureTop,
           {.stroke = figure.theme.frame});
  svg.text((kFigureLeft + kFigureRight) / 2, bottom + 38, figure.x_title,
           {.size = kFigureFont, .anchor = Anchor::middle});
  svg.text(20, (kFigureTop + bottom) / 2, figure.y_title,
           {.size = kFigureFont, .anchor = Anchor::middle, .angle = -90});
  draw_caption(svg, caption, bottom + 46);
  return svg;
}

Svg draw(const HistogramFigure& figure) {
  TORCH_CHECK_VALUE(!figure.groups.empty(), "HistogramFigure: expected a group, got none");
  constexpr double kNames = 150;  // width of the names at the left
  constexpr double kRow = 46;
  constexpr int kBins = 60;
  constexpr int kTicks = 8;
  const double left = kFigureLeft - 56 + kNames, right = kFigureRight - 96;
  ValueSpan span;
  span.add(0);
  std::vector<std::vector<double>> sorted;
  for (const ValueGroup& group : figure.groups) {
    sorted.push_back(sorted_values(group));
    if (!sorted.back().empty()) {
      span.add(sorted.back().front());
      span.add(sorted.back().back());
    }
  }
  const double bottom = kFigureTop + kRow * static_cast<double>(figure.groups.size()) + 6;
  const auto caption = wrapped_text(figure.caption, kFigureCaption, kFigureRight - kFigureLeft);
  Svg svg(kFigureWidth, bottom + 52 + kFigureCaptionRow * static_cast<double>(caption.size()),
          figure.title, figure.theme);
  svg.text(20, 27, shortened(figure.title, 15, kFigureRight - 20, true), {.size = 15, .bold = true});
  const Axis x = Axis::over(span.low, span.high, left, right, kTicks, /*loose=*/true);
  for (std::size_t i = 0; i < x.ticks().size(); ++i) {
    const double at = x(x.ticks()[i]);
    svg.line(at, kFigureTop, at, bottom, {.stroke = figure.theme.grid});
    svg.text(at, bottom + 16, x.labels()[i], {.size = kFigureFont, .anchor = Anchor::middle});
  }
  for (std::size_t g = 0; g < figure.groups.size(); ++g) {
    const double base = kFigureTop + kRow * static_cast<double>(g + 1);
    svg.line(left, base, right, base, {.stroke = figure.theme.frame, .width = 0.7});
    svg.text(left - 8, base - 4, shortened(figure.groups[g].name, kFigureFont, kNames - 12),
             {.size = kFigureFont, .anchor = Anchor::end});
    if (sorted[g].empty()) {
      svg.text(right + 8, base - 4, "none", {.size = 11, .color = figure.theme.muted});
      continue;
    }
    std::vector<int> bins(kBins);
    for (const double value : sorted[g]) {
      const double share = (value - x.low()) / (x.high() - x.low());
      ++bins[std::min(kBins - 1, static_cast<int>(share * kBins))];
    }
    const int most = *std::max_element(bins.begin(), bins.end());
    SvgPath outline;
    outline.move_to(left, base);
    for (int i = 0; i < kBins; ++i) {
      const double height = (kRow - 8) * bins[i] / most;
      outline.line_to(left + (right - left) * i / kBins, base - height);
      outline.line_to(left + (right - left) * (i + 1) / kBins, base - height);
    }
    outline.line_to(right, base).close();
    const std::string color = hex(readable(figure.groups[g].color, figure.theme));
    svg.path(outline, {.fill = color, .opacity = 0.75});
    svg.path(outline, {.stroke = color, .width = 1.2});
    const double median = quantile(sorted[g], 0.5);
    svg.line(x(median), base, x(median), base - kRow + 8, {.stroke = figure.theme.text, .width = 1.4});
    svg.text(right + 8, base - 18, "n " + std::to_string(sorted[g].size()),
             {.size = 11, .color = figure.theme.muted});
    svg.text(right + 8, base - 4, "median " + value_text(median),
             {.size = 11, .color = figure.theme.muted});
  }
  svg.text((left + right) / 2, bottom + 36, figure.x_title,
           {.size = kFigureFont, .anchor = Anchor::middle});
  draw_caption(svg, caption, bottom + 44);
  return svg;
}

}  // namespace gyroseg
