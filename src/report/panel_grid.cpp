#include "gyroseg/report/panel_grid.h"

#include <c10/util/Exception.h>
#include <torch/utils.h>

#include <algorithm>

#include "gyroseg/data/image_io.h"
#include "gyroseg/report/overlay.h"
#include "swatches.h"

namespace gyroseg {
namespace {

constexpr double kMargin = 20;
constexpr double kGap = 10;
constexpr double kWidest = 200;    // of a column
constexpr double kNarrowest = 110;
constexpr double kPage = 1000;     // columns shrink to fit into it, down to kNarrowest
constexpr double kTitleHeight = 44;
constexpr double kHeading = 12;    // font size
constexpr double kHeadingLine = 16;
constexpr std::size_t kHeadingLines = 3;
constexpr double kCaption = 11;    // font size
constexpr double kCaptionLine = 18;

double column_width(std::size_t columns) {
  const auto n = static_cast<double>(columns);
  return std::clamp((kPage - 2 * kMargin - (n - 1) * kGap) / n, kNarrowest, kWidest);
}

double height_of(const Panel& panel, double width) {
  return width * static_cast<double>(panel.image.size(0)) /
         static_cast<double>(panel.image.size(1));
}

bool has_captions(const PanelRow& row) {
  return std::any_of(row.panels.begin(), row.panels.end(),
                     [](const Panel& panel) { return !panel.caption.empty(); });
}

double picture_height(const PanelRow& row, double width) {
  double height = 0;
  for (const Panel& panel : row.panels) {
    height = std::max(height, height_of(panel, width));
  }
  return height;
}

double row_height(const PanelRow& row, double width) {
  return kCaptionLine + picture_height(row, width) + (has_captions(row) ? kCaptionLine : 0) + kGap;
}

// Breaks after '_', '/', '-' or a space where it can; the last line is shortened.
std::vector<std::string> wrapped(std::string text, double width) {
  std::vector<std::string> lines;
  while (text_width(text, kHeading, true) > width && lines.size() + 1 < kHeadingLines) {
    std::size_t end = 0;
    for (std::size_t i = 1; i < text.size(); ++i) {
      const bool fits = text_width(text.substr(0, i), kHeading, true) <= width;
      end = fits && std::string("_/- ").find(text[i - 1]) != std::string::npos ? i : end;
    }
    if (end == 0) {
      break;
    }
    lines.push_back(text.substr(0, end));
    text.erase(0, end);
  }
  lines.push_back(shortened(text, kHeading, width, true));
  return lines;
}

void check(const PanelGrid& grid) {
  TORCH_CHECK_VALUE(!grid.rows.empty() && !grid.columns.empty(),
                    "PanelGrid: expected rows and columns, got ", grid.rows.size(), " x ",
                    grid.columns.size());
  for (const PanelRow& row : grid.rows) {
    TORCH_CHECK_VALUE(row.panels.size() == grid.columns.size(), "PanelGrid: row \"", row.caption,
                      "\" has ", row.panels.size(), " panels, expected ", grid.columns.size());
    for (const Panel& panel : row.panels) {
      TORCH_CHECK_VALUE(panel.image.dim() == 3 && panel.image.size(2) == 3 &&
                            panel.image.scalar_type() == torch::kUInt8 && panel.image.numel() > 0,
                        "PanelGrid: an image must be [h,w,3] uint8, got ", panel.image.sizes());
    }
  }
}

// Each pixel repeated, so that hardly any of it is smoothed away: not every viewer knows SVG's
// image-rendering.
torch::Tensor enlarged(const torch::Tensor& image) {
  constexpr std::int64_t kEnough = 800;
  const std::int64_t longest = std::max(image.size(0), image.size(1));
  const std::int64_t times = std::max<std::int64_t>(1, kEnough / longest);
  return image.repeat_interleave(times, 0).repeat_interleave(times, 1);
}

void draw_row(Svg& svg, const PanelRow& row, double top, double width) {
  const double pictures = top + kCaptionLine;
  const double height = picture_height(row, width);
  svg.text(kMargin, top + 13, shortened(row.caption, kCaption, svg.width() - 2 * kMargin),
           {.size = kCaption, .color = svg.theme().muted});
  double x = kMargin;
  for (const Panel& panel : row.panels) {
    const double own = height_of(panel, width);
    const torch::Tensor image = panel.smooth ? panel.image : enlarged(panel.image);
    svg.png(x, pictures, width, own, encode_png(image));
    svg.rect(x, pictures, width, own, {.stroke = svg.theme().frame, .width = 0.7});
    svg.text(x + width / 2, pictures + height + 14, shortened(panel.caption, kCaption, width),
             {.size = kCaption, .anchor = Anchor::middle});
    x += width + kGap;
  }
}

}  // namespace

Svg draw(const PanelGrid& grid) {
  check(grid);
  const double width = column_width(grid.columns.size());
  const auto columns = static_cast<double>(grid.columns.size());
  const double inner = columns * width + (columns - 1) * kGap;
  std::vector<std::vector<std::string>> headings;
  std::size_t lines = 0;
  for (const std::string& column : grid.columns) {
    lines = std::max(lines, headings.emplace_back(wrapped(column, width)).size());
  }
  const SwatchLayout legend = lay_out_swatches(grid.legend, inner);
  const double top = kTitleHeight + kHeadingLine * static_cast<double>(lines);
  double bottom = top;
  for (const PanelRow& row : grid.rows) {
    bottom += row_height(row, width);
  }
  Svg svg(inner + 2 * kMargin, bottom + legend.height + kMargin, grid.title, grid.theme);
  svg.text(kMargin, 28, shortened(grid.title, 15, inner, true), {.size = 15, .bold = true});
  for (std::size_t i = 0; i < headings.size(); ++i) {
    const double x = kMargin + static_cast<double>(i) * (width + kGap) + width / 2;
    double y = top - kHeadingLine * static_cast<double>(headings[i].size()) + 12;
    for (const std::string& line : headings[i]) {
      svg.text(x, y, line, {.size = kHeading, .anchor = Anchor::middle, .bold = true});
      y += kHeadingLine;
    }
  }
  double y = top;
  for (const PanelRow& row : grid.rows) {
    draw_row(svg, row, y, width);
    y += row_height(row, width);
  }
  draw_swatches(svg, legend, kMargin, bottom + 6);
  return svg;
}

torch::Tensor class_image(const torch::Tensor& classes, const std::vector<Rgb>& palette) {
  std::vector<Rgb> colors = palette;
  colors.push_back(kNoClassColor);
  return colored(torch::where(classes.lt(0), static_cast<std::int64_t>(palette.size()), classes),
                 colors);
}

}  // namespace gyroseg
