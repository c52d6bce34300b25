#include "gyroseg/report/svg.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <cstdio>
#include <fstream>
#include <limits>
#include <sstream>

#include "gyroseg/data/image_io.h"
#include "support/tiny_run.h"

namespace gyroseg::svg_test {

using ::testing::HasSubstr;
using ::testing::Not;

// The document as pixels [H,W,3] uint8, drawn by librsvg.
torch::Tensor pixels_of(const Svg& svg, double scale, const TemporaryFolder& folder) {
  const auto bytes = render_png(svg.document(), scale);
  std::ofstream(folder.path() / "drawn.png", std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  return read_image(folder.path() / "drawn.png");
}

std::vector<int> color_at(const torch::Tensor& pixels, int x, int y) {
  const torch::Tensor c = pixels[y][x];
  return {c[0].item<int>(), c[1].item<int>(), c[2].item<int>()};
}

TEST(Svg, DocumentIsWellFormedWhateverTheText) {
  const TemporaryFolder folder("svg_xml");
  Svg svg(50, 20, "a < b & \"c\"");
  svg.text(1, 10, "</text><rect/> \x01 \xC3\xA9 \xFF \xED\xA0\x80 ]]>");  // e acute; no UTF-8; a surrogate
  std::ofstream(folder.path() / "a.svg") << svg.document();
  // Python's expat is not the reader that drew the figure.
  const std::string command = "python3 -c \"import sys, xml.dom.minidom as d; "
                              "t = d.parse(sys.argv[1]).getElementsByTagName('text')[0]; "
                              "sys.stdout.buffer.write(t.firstChild.data.encode())\" " +
                              (folder.path() / "a.svg").string();
  FILE* pipe = popen(command.c_str(), "r");
  ASSERT_NE(pipe, nullptr);
  char text[200] = {};
  const std::size_t count = fread(text, 1, sizeof text - 1, pipe);
  ASSERT_EQ(pclose(pipe), 0);
  EXPECT_EQ(std::string(text, count), "</text><rect/> ? \xC3\xA9 ? ??? ]]>");
  EXPECT_THAT(svg.document(), HasSubstr("<title>a &lt; b &amp; &quot;c&quot;</title>"));
}

TEST(Svg, NumbersAreShortAndFinite) {
  Svg svg(10, 10, "");
  svg.line(1.0, 2.5, 1 / 3.0, -0.001, {.stroke = "#000000"});
  EXPECT_THAT(svg.document(), HasSubstr("x1=\"1\" y1=\"2.5\" x2=\"0.33\" y2=\"0\""));
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THROW(svg.line(0, 0, nan, 0, {}), c10::ValueError);
  EXPECT_THROW(SvgPath().move_to(0, std::numeric_limits<double>::infinity()), c10::ValueError);
  EXPECT_THROW(Svg(0, 10, ""), c10::ValueError);
  EXPECT_THROW(Svg(10, nan, ""), c10::ValueError);
  svg.open_clip(0, 0, 5, 5);
  EXPECT_THROW((void)svg.document(), c10::ValueError);
  svg.close_group();
  EXPECT_THROW(svg.close_group(), c10::ValueError);
}

TEST(Svg, PngHasTheShapesWhereTheyWereDrawn) {
  const TemporaryFolder folder("svg_png");
  Svg svg(40, 30, "");
  svg.rect(4, 6, 10, 8, {.fill = "#ff0000"});
  svg.circle(30, 10, 5, {.fill = "#0000ff"});
  // A half circle about (20, 25) that bulges upwards: clockwise on the page from left to right.
  svg.path(SvgPath().move_to(16, 25).arc_to(4, true, 24, 25).close(), {.fill = "#00ff00"});
  svg.open_clip(0, 20, 5, 10);
  svg.rect(0, 20, 40, 10, {.fill = "#000000"});
  svg.close_group();
  // Two pixels side by side; beyond their centres nothing is mixed in.
  const torch::Tensor image = torch::tensor({{{10, 20, 30}, {200, 100, 50}}}, torch::kUInt8);
  svg.png(32, 20, 8, 8, encode_png(image));
  const torch::Tensor pixels = pixels_of(svg, 2, folder);
  ASSERT_EQ(pixels.sizes(), (torch::IntArrayRef{60, 80, 3}));
  using Color = std::vector<int>;
  EXPECT_EQ(color_at(pixels, 1, 1), (Color{255, 255, 255}));
  EXPECT_EQ(color_at(pixels, 9, 13), (Color{255, 0, 0}));
  EXPECT_EQ(color_at(pixels, 27, 27), (Color{255, 0, 0}));
  EXPECT_EQ(color_at(pixels, 29, 29), (Color{255, 255, 255}));
  EXPECT_EQ(color_at(pixels, 60, 20), (Color{0, 0, 255}));
  EXPECT_EQ(color_at(pixels, 40, 45), (Color{0, 255, 0}));
  EXPECT_EQ(color_at(pixels, 40, 53), (Color{255, 255, 255}));
  EXPECT_EQ(color_at(pixels, 8, 50), (Color{0, 0, 0}));
  EXPECT_EQ(color_at(pixels, 12, 50), (Color{255, 255, 255}));
  EXPECT_EQ(color_at(pixels, 65, 46), (Color{10, 20, 30}));
  EXPECT_EQ(color_at(pixels, 78, 46), (Color{200, 100, 50}));
}

TEST(Svg, WhatIsNoSvgCannotBeDrawn) {
  EXPECT_THROW((void)render_png("<svg"), std::runtime_error);
}

// The table of widths against the ink that librsvg puts down, in the font it is of.
TEST(SvgText, WidthIsThatOfTheFont) {
  const TemporaryFolder folder("svg_width");
  for (const std::string text : {"HHHHHHHHHHHHHHHHHHHH", "upper_body/low_hand 0.25", "illillillillill|"}) {
    Svg svg(400, 40, "");
    svg.text(10, 25, text, {.size = 16, .color = "#000000"});
    const torch::Tensor dark = pixels_of(svg, 4, folder).select(2, 0).lt(128).any(0).nonzero();
    const double ink = (dark.max() - dark.min()).item<double>() / 4;
    // Side bearings: up to 0.13 em at either end.
    EXPECT_NEAR(text_width(text, 16), ink, 4.2) << text;
  }
  EXPECT_DOUBLE_EQ(text_width("Hi", 1000), 752 + 278);
}

TEST(SvgText, LongTextIsCutToItsPlace) {
  EXPECT_EQ(shortened("background", 12, 200), "background");
  const std::string text = shortened("background", 12, 50);
  EXPECT_LE(text_width(text, 12), 50);
  // 11.4 for the dots, 7.6 "b", 7.6 "d", 7.4 "a", 7.6 "n", 6.6 "c"; "k" or "u" would be 7 more.
  EXPECT_EQ(text, "bac...nd");
  // No character is cut into bytes.
  EXPECT_EQ(shortened("\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9", 10, 17), "\xC3\xA9...");
}

TEST(Svg, FiguresReplaceOlderOnesAndLeaveNothingElse) {
  const TemporaryFolder folder("svg_write");
  Svg svg(10, 10, "");
  for (int round = 0; round < 2; ++round) {
    const auto files = write_figure(folder.path(), "a", svg);
    ASSERT_EQ(files.size(), 2u);
    EXPECT_EQ(files[0].filename(), "a.svg");
    EXPECT_EQ(read_image(files[1]).size(0), 20);
  }
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 2);
  EXPECT_EQ(figure_name("tree/min@leaf 2"), "tree_min_leaf_2");
  EXPECT_THROW((void)write_figure(folder.path() / "none", "a", svg), DataError);
}

}  // namespace gyroseg::svg_test
