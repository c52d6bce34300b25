#include "gyroseg/report/overlay.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include <algorithm>
#include <limits>
#include <set>

#include "support/small_trees.h"

namespace gyroseg::overlay_test {

using testing::node;
using testing::person_tree;
using testing::random_tree;
using testing::tree_of;

// Hue in turns of a colour that is not grey.
double hue_of(const Rgb& color) {
  const double r = color[0], g = color[1], b = color[2];
  const double high = std::max({r, g, b}), width = high - std::min({r, g, b});
  const double sixth = high == r   ? (g - b) / width
                       : high == g ? 2 + (b - r) / width
                                   : 4 + (r - g) / width;
  return (sixth < 0 ? sixth + 6 : sixth) / 6;
}

TEST(Palette, LeavesOfATreeAreDistinct) {
  for (const Hierarchy& tree : {person_tree(), random_tree(3), random_tree(4)}) {
    const std::vector<Rgb> palette = level_palette(tree, tree.num_levels());
    EXPECT_EQ(std::set<Rgb>(palette.begin(), palette.end()).size(), palette.size());
  }
}

TEST(Palette, NodesBelowABranchStayInItsHues) {
  const Hierarchy tree = tree_of(
      {node("background"), node("a", {node("a1"), node("a2", {node("a3"), node("a4")})}),
       node("b", {node("b1"), node("b2")}), node("c", {node("c1"), node("c2"), node("c3")})});
  const std::vector<Rgb> colors = node_palette(tree);
  for (int v = 0; v < tree.num_nodes(); ++v) {
    if (v == tree.find("background")) {
      EXPECT_EQ(colors[v], (Rgb{48, 48, 48}));
      continue;
    }
    // Three branches own a third of the circle each: a 0, b 1/3, c 2/3.
    const char branch = tree.name(tree.ancestors(v).back())[0];
    const double low = (branch - 'a') / 3.0;
    EXPECT_GE(hue_of(colors[v]), low - 0.01) << tree.path(v);  // 8-bit rounding moves the hue
    EXPECT_LE(hue_of(colors[v]), low + 0.25) << tree.path(v);
  }
}

TEST(Palette, IndexIsTheClassOfTheLevelOrTheMaskValue) {
  TreeSpec spec;
  spec.roots = {node("bg"), node("x", {node("y"), node("z")})};
  spec.labels = {{"bg", 7, ""}, {"y", 3, ""}, {"z", 300, ""}, {"x", 20, ""}};
  const Hierarchy tree(spec);
  const std::vector<Rgb> colors = node_palette(tree);
  const std::vector<Rgb> by_label = label_palette(tree);
  ASSERT_EQ(by_label.size(), 256u);
  EXPECT_EQ(by_label[7], colors[tree.find("bg")]);
  EXPECT_EQ(by_label[3], colors[tree.find("y")]);
  EXPECT_EQ(by_label[20], colors[tree.find("x")]);
  EXPECT_EQ(by_label[0], (Rgb{0, 0, 0}));
  const std::vector<Rgb> level = level_palette(tree, 1);
  ASSERT_EQ(level.size(), 2u);
  EXPECT_EQ(level[tree.class_at(1, tree.find("x"))], colors[tree.find("x")]);
}

TEST(Palette, ASingleChildHasItsParentsColour) {
  const Hierarchy tree = tree_of({node("a", {node("b", {node("c")})}), node("d")});
  const std::vector<Rgb> colors = node_palette(tree);
  EXPECT_EQ(colors[tree.find("a")], colors[tree.find("c")]);
  EXPECT_NE(colors[tree.find("a")], colors[tree.find("d")]);
}

TEST(Overlay, BlendsAndLeavesIgnoredPixels) {
  const torch::Tensor image =
      torch::tensor({{{100, 100, 100}, {10, 20, 30}, {0, 255, 7}}}, torch::kUInt8);
  const torch::Tensor classes = torch::tensor({{1, -1, 0}}, torch::kInt64);
  const std::vector<Rgb> palette = {{0, 0, 0}, {200, 0, 100}};
  const torch::Tensor half = overlay(image, classes, palette, 0.25);
  // 75 + 50, 75 + 0, 75 + 25; untouched; 0, 191.25, 5.25.
  EXPECT_TRUE(
      half.equal(torch::tensor({{{125, 75, 100}, {10, 20, 30}, {0, 191, 5}}}, torch::kUInt8)))
      << half;
  EXPECT_TRUE(overlay(image, classes, palette, 0).equal(image));
  EXPECT_TRUE(colored(classes, palette)
                  .equal(torch::tensor({{{200, 0, 100}, {0, 0, 0}, {0, 0, 0}}}, torch::kUInt8)));
}

TEST(Overlay, WrongInputIsRefused) {
  const torch::Tensor image = torch::zeros({2, 3, 3}, torch::kUInt8);
  const torch::Tensor classes = torch::zeros({2, 3}, torch::kInt64);
  const std::vector<Rgb> palette = {{1, 2, 3}};
  EXPECT_THROW((void)overlay(image.to(torch::kFloat), classes, palette), c10::ValueError);
  EXPECT_THROW((void)overlay(image, classes.t(), palette), c10::ValueError);
  EXPECT_THROW((void)overlay(image, classes + 1, palette), c10::ValueError);
  EXPECT_THROW((void)overlay(image, classes, palette, 1.5), c10::ValueError);
}

TEST(ConfidenceImage, GreyIsTheValueAndHeatBrightens) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const torch::Tensor grey =
      confidence_image(torch::tensor({{0.0F, 0.2F, 1.0F, nan}}), ConfidenceColors::grey);
  EXPECT_TRUE(grey.select(2, 1).flatten().equal(torch::tensor({0, 51, 255, 0}, torch::kUInt8)));
  const torch::Tensor heat = confidence_image(torch::linspace(0, 1, 101).unsqueeze(0));
  EXPECT_EQ(heat.sizes(), (torch::IntArrayRef{1, 101, 3}));
  // Luma by ITU-R BT.601; half a grey level of rounding in each channel.
  const torch::Tensor luma =
      heat.to(torch::kFloat).matmul(torch::tensor({0.299F, 0.587F, 0.114F})).flatten();
  EXPECT_GT((luma.slice(0, 1) - luma.slice(0, 0, 100)).min().item<float>(), -0.5);
  EXPECT_THROW((void)confidence_image(torch::zeros({3})), c10::ValueError);
}

}  // namespace gyroseg::overlay_test
