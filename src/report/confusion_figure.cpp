#include "gyroseg/report/confusion_figure.h"

#include <c10/util/Exception.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace gyroseg {
namespace {

constexpr double kMargin = 20;
constexpr double kPage = 620;      // cells shrink so that all are no wider, down to kSmallestCell
constexpr double kLargestCell = 64;    // side of a cell
constexpr double kSmallestCell = 12;
constexpr double kWidestName = 170;
constexpr double kTitleHeight = 44;
constexpr double kAxisTitle = 24;
constexpr double kScaleWidth = 14;
constexpr double kLeastNumber = 7;  // font size below which cells stay without numbers
// White to the dark blue of the charts: brightness alone tells the values apart.
constexpr Rgb kFull = {8, 48, 107};

Rgb shade(double share) {
  Rgb color{};
  for (std::size_t i = 0; i < 3; ++i) {
    color[i] = static_cast<std::uint8_t>(std::lround(255 + share * (kFull[i] - 255.0)));
  }
  return color;
}

double widest(const std::vector<std::string>& names, double size) {
  double width = 0;
  for (const std::string& name : names) {
    width = std::max(width, text_width(name, size));
  }
  return std::min(width, kWidestName);
}

struct Frame {
  double cell = 0;
  double font = 0;  // of the names
  double left = 0;
  double top = 0;
};

Frame frame_of(const ConfusionTable& table) {
  Frame frame;
  const auto most = static_cast<double>(std::max(table.truth.size(), table.prediction.size()));
  frame.cell = std::clamp(kPage / most, kSmallestCell, kLargestCell);
  frame.font = std::clamp(frame.cell * 0.6, 8.0, 12.0);
  frame.left = kMargin + kAxisTitle + widest(table.truth, frame.font) + 8;
  frame.top = kTitleHeight + kAxisTitle + widest(table.prediction, frame.font) + 8;
  return frame;
}

void check(const ConfusionTable& table) {
  TORCH_CHECK_VALUE(!table.truth.empty() && !table.prediction.empty() &&
                        table.counts.size() == table.truth.size(),
                    "ConfusionTable: expected a row a true class, got ", table.counts.size(),
                    " rows for ", table.truth.size(), " classes");
  for (const auto& row : table.counts) {
    TORCH_CHECK_VALUE(row.size() == table.prediction.size(), "ConfusionTable: a row has ",
                      row.size(), " counts, expected ", table.prediction.size());
  }
}

// Per cent without decimals. Nothing for none at all: the eye finds what is there.
std::string percent(std::int64_t count, double share) {
  const auto rounded = std::lround(100 * share);
  return count == 0 ? "" : rounded == 0 ? "<1" : std::to_string(rounded);
}

void draw_row(Svg& svg, const std::vector<std::int64_t>& counts, double y, const Frame& frame) {
  const auto total =
      static_cast<double>(std::accumulate(counts.begin(), counts.end(), std::int64_t{0}));
  const double number = std::min(frame.cell * 0.42, 12.0);
  for (std::size_t p = 0; p < counts.size(); ++p) {
    const double x = frame.left + frame.cell * static_cast<double>(p);
    const double share = total > 0 ? static_cast<double>(counts[p]) / total : 0;
    svg.rect(x, y, frame.cell, frame.cell,
             {.fill = hex(shade(share)), .stroke = "#c8c8c8", .width = 0.5});
    if (total == 0) {
      svg.line(x, y + frame.cell, x + frame.cell, y, {.stroke = "#bbbbbb", .width = 0.8});
    } else if (number >= kLeastNumber) {
      svg.text(x + frame.cell / 2, y + frame.cell / 2 + number * 0.36, percent(counts[p], share),
               {.size = number,
                .anchor = Anchor::middle,
                .color = share > 0.5 ? "#ffffff" : "#222222"});
    }
  }
}

void draw_names(Svg& svg, const ConfusionTable& table, const Frame& frame) {
  const double middle = frame.cell / 2 + frame.font * 0.36;
  for (std::size_t t = 0; t < table.truth.size(); ++t) {
    svg.text(frame.left - 8, frame.top + frame.cell * static_cast<double>(t) + middle,
             shortened(table.truth[t], frame.font, kWidestName),
             {.size = frame.font, .anchor = Anchor::end});
  }
  for (std::size_t p = 0; p < table.prediction.size(); ++p) {
    svg.text(frame.left + frame.cell * static_cast<double>(p) + middle, frame.top - 8,
             shortened(table.prediction[p], frame.font, kWidestName),
             {.size = frame.font, .angle = -90});
  }
}

void draw_scale(Svg& svg, double x, double top, double height) {
  constexpr int kSteps = 50;
  const double step = height / kSteps;
  for (int i = 0; i < kSteps; ++i) {
    svg.rect(x, top + height - step * (i + 1), kScaleWidth, step + 0.3,
             {.fill = hex(shade((i + 0.5) / kSteps))});
  }
  svg.rect(x, top, kScaleWidth, height, {.stroke = "#777777", .width = 0.7});
  for (const int value : {0, 50, 100}) {
    svg.text(x + kScaleWidth + 5, top + height * (1 - value / 100.0) + 4,
             std::to_string(value) + " %", {.size = 11});
  }
}

}  // namespace

Svg draw(const ConfusionTable& table, const std::string& title, const Theme& theme) {
  check(table);
  const Frame frame = frame_of(table);
  const double width = frame.cell * static_cast<double>(table.prediction.size());
  const double height = frame.cell * static_cast<double>(table.truth.size());
  const double scale = frame.left + width + 20;
  const double needed = text_width(title, 15, true) + 2 * kMargin;
  Svg svg(std::max(scale + kScaleWidth + 60, std::min(needed, 720.0)), frame.top + height + 36,
          title, theme);
  svg.text(kMargin, 28, shortened(title, 15, svg.width() - 2 * kMargin, true),
           {.size = 15, .bold = true});
  svg.text(frame.left + width / 2, kTitleHeight + 12, "predicted class",
           {.size = 12, .anchor = Anchor::middle});
  svg.text(kMargin + 10, frame.top + height / 2, "true class",
           {.size = 12, .anchor = Anchor::middle, .angle = -90});
  for (std::size_t t = 0; t < table.counts.size(); ++t) {
    draw_row(svg, table.counts[t], frame.top + frame.cell * static_cast<double>(t), frame);
  }
  draw_names(svg, table, frame);
  draw_scale(svg, scale, frame.top, std::min(height, 200.0));
  svg.text(frame.left, frame.top + height + 20, "% of the true class's pixels",
           {.size = 11, .color = theme.muted});
  return svg;
}

}  // namespace gyroseg
