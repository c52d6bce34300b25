#include "gyroseg/report/palette.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "color_search.h"
#include "gyroseg/metrics/background.h"

namespace gyroseg {
namespace {

constexpr Rgb kBackground = {48, 48, 48};

// M. Okabe, K. Ito, "Color universal design", 2008: blue, orange, bluish green, reddish purple,
// vermilion, yellow. Their sky blue is left out: in hue it is their blue. The order keeps hues that
// are near each other for late.
constexpr std::array<Rgb, 6> kBranchColors = {
    {{0, 114, 178}, {230, 159, 0}, {0, 158, 115}, {204, 121, 167}, {213, 94, 0}, {240, 228, 66}}};
constexpr double kFurtherLightness = 0.65;
constexpr double kFurtherChroma = 0.12;

// Half the width in degrees of what still looks like one hue, and the share of the way to the next
// branch's.
constexpr double kHalfFamily = 25;
constexpr double kOwnShare = 0.4;
// OKLab chroma: a branch is vivid, what is below it at least no grey.
constexpr double kBranchChroma = 0.10;
constexpr double kShadeChroma = 0.07;
// OKLab distances that are enough in the worst appearance: a branch leaves its published colour
// only for a nearer one; shades are driven further apart, and then stay as near to their parent as
// they can.
constexpr double kEnoughForBranches = 0.08;
constexpr double kEnoughForShades = 0.12;

double turn(double from, double to) {
  const double degrees = std::fmod(to - from, 360.0);
  return degrees < 0 ? degrees + 360 : degrees;
}

double hue_of_rgb(const Rgb& color) { return hue_of(oklab_of(linear_of(color))); }

// The listed colours; then, one by one, the middle of the widest gap between the hues so far.
std::vector<Rgb> branch_colors(std::size_t n) {
  std::vector<Rgb> colors(kBranchColors.begin(), kBranchColors.end());
  std::vector<double> hues;
  for (const Rgb& color : colors) {
    hues.push_back(hue_of_rgb(color));
  }
  while (colors.size() < n) {
    double start = 0;
    double widest = 0;
    for (const double hue : hues) {
      double gap = 360;
      for (const double other : hues) {
        gap = other == hue ? gap : std::min(gap, turn(hue, other));
      }
      if (gap > widest) {
        start = hue;
        widest = gap;
      }
    }
    hues.push_back(std::fmod(start + widest / 2, 360.0));
    colors.push_back(encoded(linear_of_oklab(lch(kFurtherLightness, kFurtherChroma, hues.back()))));
  }
  colors.resize(n);
  return colors;
}

// The hues of each branch, around its colour's.
std::vector<HueRange> families(const std::vector<Rgb>& colors) {
  std::vector<HueRange> result;
  for (std::size_t i = 0; i < colors.size(); ++i) {
    const double hue = hue_of_rgb(colors[i]);
    double half = kHalfFamily;
    for (std::size_t j = 0; j < colors.size(); ++j) {
      const double away = turn(hue, hue_of_rgb(colors[j]));
      half = j == i ? half : std::min(half, kOwnShare * std::min(away, 360 - away));
    }
    result.push_back({hue - half, hue + half});
  }
  return result;
}

class TreePainter {
 public:
  explicit TreePainter(const Hierarchy& tree)
      : tree_(tree),
        colors_(tree.num_nodes()),
        families_(tree.num_nodes()),
        wanted_(tree.num_nodes()) {
    const std::optional<int> background = background_node(tree, "auto");
    for (int v = 0; v < tree.num_nodes(); ++v) {
      if (is_background(tree, v, background)) {
        colors_[v] = seen_color(kBackground);
      }
    }
    start_branches();
    for (int k = 1; k <= tree.num_levels(); ++k) {
      paint_level(k);
    }
  }

  [[nodiscard]] std::vector<Rgb> colors() const {
    std::vector<Rgb> result;
    for (const std::optional<SeenColor>& color : colors_) {
      result.push_back(color->rgb);
    }
    return result;
  }

 private:
  // Hues and wanted colours of the branches: the top nodes, or where only one of them divides into
  // leaves, what is below it. That one then has the next colour of the list.
  void start_branches() {
    std::vector<int> branches = tree_.top_nodes();
    std::erase_if(branches, [&](int node) { return colors_[node].has_value(); });
    std::vector<int> above;
    while (branches.size() == 1 && tree_.leaves_of(branches.front()).size() > 1) {
      above.push_back(branches.front());
      branches = tree_.children(branches.front());
    }
    std::vector<Rgb> listed = branch_colors(branches.size() + 1);
    for (const int node : above) {
      colors_[node] = seen_color(listed.back());
    }
    listed.pop_back();
    const std::vector<HueRange> hues = families(listed);
    for (std::size_t i = 0; i < branches.size(); ++i) {
      families_[branches[i]] = hues[i];
      wanted_[branches[i]] = seen_color(listed[i]);
    }
  }

  // Parents come before.
  void paint_level(int k) {
    std::vector<SeenColor> fixed;
    std::vector<int> open;
    std::vector<ColorChoice> choices;
    for (const int node : tree_.level(k)) {
      if (!colors_[node] && !wanted_[node]) {
        descend(node);
      }
      if (colors_[node]) {
        fixed.push_back(*colors_[node]);
      } else {
        open.push_back(node);
        choices.push_back(choice_of(node));
      }
    }
    const std::vector<SeenColor> chosen = choose_apart(choices, fixed);
    for (std::size_t i = 0; i < open.size(); ++i) {
      colors_[open[i]] = chosen[i];
    }
  }

  // A single child is its parent again; another has a part of its hues.
  void descend(int node) {
    const int parent = tree_.parent(node);
    const std::vector<int>& siblings = tree_.children(parent);
    if (siblings.size() == 1) {
      colors_[node] = colors_[parent];
      families_[node] = families_[parent];
      return;
    }
    const auto place = std::find(siblings.begin(), siblings.end(), node) - siblings.begin();
    families_[node] = families_[parent].part(static_cast<std::size_t>(place), siblings.size());
  }

  [[nodiscard]] ColorChoice choice_of(int node) const {
    if (wanted_[node]) {
      ColorChoice choice{shades_of(families_[node], kBranchChroma), wanted_[node]->seen[0],
                         kEnoughForBranches};
      choice.candidates.push_back(*wanted_[node]);
      return choice;
    }
    return {shades_of(families_[node], kShadeChroma), colors_[tree_.parent(node)]->seen[0],
            kEnoughForShades};
  }

  const Hierarchy& tree_;
  std::vector<std::optional<SeenColor>> colors_;  ///< by node, as the others
  std::vector<HueRange> families_;
  std::vector<std::optional<SeenColor>> wanted_;  ///< of branches
};

}  // namespace

std::vector<Rgb> node_palette(const Hierarchy& tree) { return TreePainter(tree).colors(); }

std::vector<Rgb> level_palette(const Hierarchy& tree, int k, const std::vector<Rgb>& colors) {
  std::vector<Rgb> palette;
  for (const int node : tree.level(k)) {
    palette.push_back(colors[node]);
  }
  return palette;
}

}  // namespace gyroseg
