#include "gyroseg/report/palette.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <ostream>
#include <set>

#include "../../src/report/color_space.h"
#include "gyroseg/config/read.h"
#include "gyroseg/report/svg.h"
#include "gyroseg/report/theme.h"
#include "support/small_trees.h"

namespace gyroseg::palette_test {

using testing::node;
using testing::person_tree;
using testing::random_tree;
using testing::tree_of;

// Another model of dichromats than the one that the palette is driven by: F. Vienot, H. Brettel, J.
// Mollon, "Digital video colourmaps for checking the legibility of displays by dichromats", 1999,
// in linear light.
LinearRgb vienot(Vision vision, const LinearRgb& c) {
  double l = 17.8824 * c[0] + 43.5161 * c[1] + 4.11935 * c[2];
  double m = 3.45565 * c[0] + 27.1554 * c[1] + 3.86714 * c[2];
  const double s = 0.0299566 * c[0] + 0.184309 * c[1] + 1.46709 * c[2];
  if (vision == Vision::protanopia) {
    l = 2.02344 * m - 2.52581 * s;
  } else if (vision == Vision::deuteranopia) {
    m = 0.494207 * l + 1.24827 * s;
  }
  LinearRgb seen = {0.0809444479 * l - 0.130504409 * m + 0.116721066 * s,
                    -0.0102485335 * l + 0.0540193266 * m - 0.113614708 * s,
                    -0.000365296938 * l - 0.00412161469 * m + 0.693511405 * s};
  for (double& channel : seen) {
    channel = std::clamp(channel, 0.0, 1.0);
  }
  return seen;
}

using Draw = Rgb (*)(const Rgb&);
Rgb as_mask(const Rgb& color) { return color; }
Rgb on_light(const Rgb& color) { return readable(color, Theme{}); }
Rgb on_dark(const Rgb& color) { return readable(color, dark_theme()); }

double apart(const OkLab& a, const OkLab& b) {
  return std::hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
}

// Least OKLab distance of the colours of any two classes of a level.
double least_apart(const Hierarchy& tree, int k, Draw draw, Vision vision) {
  const std::vector<Rgb> colors = level_palette(tree, k, node_palette(tree));
  double least = 1;
  for (std::size_t i = 0; i < colors.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      const LinearRgb a = linear_of(draw(colors[i])), b = linear_of(draw(colors[j]));
      least = std::min({least, apart(oklab_of(vienot(vision, a)), oklab_of(vienot(vision, b))),
                        apart(oklab_of(seen_with(vision, a)), oklab_of(seen_with(vision, b)))});
    }
  }
  return least;
}

struct Floor {
  const char* config;
  std::size_t level;
  std::size_t classes;
  double mask;
  double mark;
};
void PrintTo(const Floor& floor, std::ostream* out) {
  *out << floor.config << " level " << floor.level;
}

class PaletteDistances : public ::testing::TestWithParam<Floor> {};

// Side by side, 0.02 can just be told apart (CSS Color 4); marks of a few pixels need about twice
// that, and 0.1 is seen at a glance. So up to 7 classes of a level are told apart at a glance by
// everyone, 11 with ease, and of the 19 to 21 of Cityscapes and VOC some pairs only by looking:
// there the shapes of the marks and the names must help. What is asked is what was measured in
// November 2026, rounded down.
TEST_P(PaletteDistances, AreKeptForEveryVision) {
  const std::filesystem::path file =
      std::filesystem::path(GYROSEG_SOURCE_DIR) / "configs" / GetParam().config;
  const Hierarchy tree(read_config(file, {"model.pretrained=\"\"", "device=cpu"}).hierarchy);
  const int k = static_cast<int>(GetParam().level);
  ASSERT_EQ(tree.level(k).size(), GetParam().classes);
  for (const Vision vision : {Vision::normal, Vision::protanopia, Vision::deuteranopia}) {
    const std::string name = std::to_string(static_cast<int>(vision));
    const double mask = least_apart(tree, k, as_mask, vision);
    const double light = least_apart(tree, k, on_light, vision);
    const double dark = least_apart(tree, k, on_dark, vision);
    const auto text = [](double d) { return std::to_string(d); };
    RecordProperty("vision" + name, text(mask) + " " + text(light) + " " + text(dark));
    EXPECT_GE(mask, GetParam().mask) << "vision " << name;
    EXPECT_GE(light, GetParam().mark) << "vision " << name;
    EXPECT_GE(dark, GetParam().mark) << "vision " << name;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Trees, PaletteDistances,
    ::testing::Values(Floor{"figures/topologies.yaml", 1, 2, 0.3, 0.17},
                      Floor{"figures/topologies.yaml", 2, 3, 0.24, 0.17},
                      Floor{"figures/topologies.yaml", 3, 7, 0.155, 0.115},
                      Floor{"papers/hssn_pascal_part.yaml", 3, 7, 0.155, 0.115},
                      Floor{"camvid/flat.yaml", 1, 3, 0.11, 0.085},
                      Floor{"camvid/flat.yaml", 2, 7, 0.145, 0.1},
                      Floor{"camvid/flat.yaml", 3, 11, 0.08, 0.06},
                      Floor{"papers/weber2024_cityscapes.yaml", 1, 7, 0.105, 0.075},
                      Floor{"papers/weber2024_cityscapes.yaml", 2, 19, 0.065, 0.05},
                      Floor{"voc/categories.yaml", 1, 5, 0.105, 0.075},
                      Floor{"voc/categories.yaml", 2, 21, 0.045, 0.035},
                      Floor{"papers/atigh2022_voc.yaml", 6, 21, 0.05, 0.035}));

// OKLab hues of Okabe and Ito's blue, orange and bluish green.
TEST(Palette, NodesBelowABranchStayInItsHues) {
  const Hierarchy tree = tree_of(
      {node("background"), node("a", {node("a1"), node("a2", {node("a3"), node("a4")})}),
       node("b", {node("b1"), node("b2")}), node("c", {node("c1"), node("c2"), node("c3")})});
  const std::vector<Rgb> colors = node_palette(tree);
  const std::vector<double> hues = {244, 77, 165};
  for (int v = 0; v < tree.num_nodes(); ++v) {
    if (v == tree.find("background")) {
      EXPECT_EQ(colors[v], (Rgb{48, 48, 48}));
      continue;
    }
    const OkLab lab = oklab_of(linear_of(colors[v]));
    const char branch = tree.name(tree.ancestors(v).back())[0];
    // 25 degrees of family and what 8 bits round.
    const double turned = std::remainder(hue_of(lab) - hues.at(branch - 'a'), 360);
    EXPECT_LT(std::abs(turned), 27) << tree.path(v);
    EXPECT_GT(std::hypot(lab[1], lab[2]), 0.06) << tree.path(v);
  }
}

// Two branches beside each other have the published colours themselves.
TEST(Palette, ASingleTopNodeLeavesTheHuesToItsChildren) {
  const Hierarchy tree = person_tree();
  const std::vector<Rgb> colors = node_palette(tree);
  const std::set<Rgb> found = {colors[tree.find("upper_body")], colors[tree.find("lower_body")]};
  EXPECT_EQ(found, (std::set<Rgb>{{0, 114, 178}, {230, 159, 0}}));
  EXPECT_EQ(colors[tree.find("body")], (Rgb{0, 158, 115}));
}

TEST(Palette, LeavesOfATreeAreDistinct) {
  std::vector<NodeSpec> many, flat;
  for (int i = 0; i < 200; ++i) {
    many.push_back(node("m" + std::to_string(i)));
    flat.push_back(node("f" + std::to_string(i)));
  }
  for (const Hierarchy& tree :
       {person_tree(), random_tree(3), random_tree(4), tree_of({node("a", many), node("b")}),
        tree_of(flat), tree_of({node("background")}), tree_of({node("a")}),
        tree_of({node("background"), node("a", {node("b")})})}) {
    const std::vector<Rgb> palette = level_palette(tree, tree.num_levels(), node_palette(tree));
    EXPECT_EQ(std::set<Rgb>(palette.begin(), palette.end()).size(), palette.size());
  }
}

TEST(Palette, IndexIsTheClassOfTheLevel) {
  const Hierarchy tree = tree_of({node("bg"), node("x", {node("y"), node("z")})});
  const std::vector<Rgb> colors = node_palette(tree);
  const std::vector<Rgb> level = level_palette(tree, 1, colors);
  ASSERT_EQ(level.size(), 2u);
  EXPECT_EQ(level[tree.class_at(1, tree.find("x"))], colors[tree.find("x")]);
}

TEST(Palette, ASingleChildHasItsParentsColour) {
  for (const Hierarchy& tree :
       {tree_of({node("a", {node("b", {node("c")})}), node("d")}),
        tree_of({node("a", {node("b", {node("c")})})}),
        tree_of({node("d"), node("a", {node("c"), node("b")})})}) {
    const std::vector<Rgb> colors = node_palette(tree);
    const bool single = tree.children(tree.find("a")).size() == 1;
    EXPECT_EQ(colors[tree.find("a")] == colors[tree.find("c")], single);
    if (tree.num_leaves() > 1) {
      EXPECT_NE(colors[tree.find("a")], colors[tree.find("d")]);
    }
  }
}

}  // namespace gyroseg::palette_test
