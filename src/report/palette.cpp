#include "gyroseg/report/palette.h"

#include <algorithm>
#include <cmath>

#include "gyroseg/metrics/background.h"

namespace gyroseg {
namespace {

constexpr Rgb kBackground = {48, 48, 48};
// A lone branch does not take the whole circle: its nodes should still look related.
constexpr double kWidestSlice = 0.25;
// Share of a branch's part of the circle that its nodes use; the rest keeps neighbours apart.
constexpr double kFilled = 0.7;

struct Interval {
  double low = 0;
  double high = 0;

  [[nodiscard]] double middle() const { return (low + high) / 2; }
  // Part i of n equal ones.
  [[nodiscard]] Interval part(std::size_t i, std::size_t n) const {
    const double width = (high - low) / static_cast<double>(n);
    return {low + width * static_cast<double>(i), low + width * static_cast<double>(i + 1)};
  }
};

// hue in turns, saturation and value in [0,1].
Rgb from_hsv(double hue, double saturation, double value) {
  const auto channel = [&](double offset) {
    const double k = std::fmod(offset + 6 * hue, 6.0);
    const double c = value * (1 - saturation * std::clamp(std::min(k, 4 - k), 0.0, 1.0));
    return static_cast<std::uint8_t>(std::lround(255 * c));
  };
  return {channel(5), channel(3), channel(1)};
}

// Siblings differ in hue and in brightness; by turns also in saturation, which tells neighbours
// apart.
void paint(const Hierarchy& tree, int node, Interval hue, Interval value, double saturation,
           std::vector<Rgb>& colors) {
  colors[node] = from_hsv(hue.middle(), saturation, value.middle());
  const std::vector<int>& children = tree.children(node);
  for (std::size_t i = 0; i < children.size(); ++i) {
    const double shift = children.size() == 1 ? 0.0 : i % 2 == 0 ? 0.2 : -0.15;
    paint(tree, children[i], hue.part(i, children.size()), value.part(i, children.size()),
          std::clamp(saturation + shift, 0.4, 1.0), colors);
  }
}

}  // namespace

std::vector<Rgb> node_palette(const Hierarchy& tree) {
  std::vector<Rgb> colors(tree.num_nodes());
  const std::optional<int> background = background_node(tree, "auto");
  std::vector<int> tops = tree.top_nodes();
  std::erase_if(tops, [&](int node) { return background && node == *background; });
  if (background) {
    for (int v = 0; v < tree.num_nodes(); ++v) {
      if (is_background(tree, v, background)) {
        colors[v] = kBackground;
      }
    }
  }
  for (std::size_t i = 0; i < tops.size(); ++i) {
    Interval hue = Interval{0, 1}.part(i, tops.size());
    hue.high = hue.low + std::min(kWidestSlice, kFilled * (hue.high - hue.low));
    paint(tree, tops[i], hue, {0.55, 1.0}, 0.7, colors);
  }
  return colors;
}

std::vector<Rgb> level_palette(const Hierarchy& tree, int k) {
  const std::vector<Rgb> colors = node_palette(tree);
  std::vector<Rgb> palette;
  for (const int node : tree.level(k)) {
    palette.push_back(colors[node]);
  }
  return palette;
}

std::vector<Rgb> label_palette(const Hierarchy& tree) {
  const std::vector<Rgb> colors = node_palette(tree);
  std::vector<Rgb> palette(256, Rgb{0, 0, 0});
  for (const auto& [label, node] : tree.nodes_by_label()) {
    if (label < 256) {
      palette[label] = colors[node];
    }
  }
  return palette;
}

}  // namespace gyroseg
