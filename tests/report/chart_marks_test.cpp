#include "../../src/report/chart_marks.h"

#include <gtest/gtest.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <fstream>
#include <functional>

#include "gyroseg/data/image_io.h"
#include "support/tiny_run.h"

namespace gyroseg::chart_marks_test {

constexpr int kKinds = 6;   // that differ in both dash and filling
constexpr int kPairs = 18;  // of a dash and a filling
constexpr int kNames = 8;   // shapes

// How much of each pixel is covered by what is drawn in black, at the size of a page: [H,W] in [0, 1].
torch::Tensor ink(double width, double height, const std::function<void(Svg&)>& draw) {
  static const TemporaryFolder folder("chart_marks");
  Theme theme;
  theme.muted = "#000000";
  Svg svg(width, height, "", theme);
  draw(svg);
  const auto bytes = render_png(svg.document(), /*scale=*/1);
  std::ofstream(folder.path() / "drawn.png", std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  return 1 - read_image(folder.path() / "drawn.png").select(2, 0).to(torch::kFloat64) / 255;
}

// The legend's sample of a kind, 56 x 22 pixels.
torch::Tensor sample_of(std::size_t kind) {
  const Legend legend = lay_out_legend({{"", true, kind}}, 300);
  return ink(56, 22, [&](Svg& svg) { draw_legend(svg, legend, 0, 0, 22); });
}

torch::Tensor marker_of(std::size_t name, std::size_t kind) {
  return ink(16, 16, [&](Svg& svg) { draw_marker(svg, 8, 8, name, kind, "#000000"); });
}

// In pixels that one has and the other lacks.
double difference(const torch::Tensor& a, const torch::Tensor& b) {
  return (a - b).abs().sum().item<double>();
}

// A gap of 5 pixels in a line 1.8 pixels high are 9.
TEST(ChartMarks, DashesOfSixKindsDifferOnBothSidesOfTheMarker) {
  for (int a = 0; a < kKinds; ++a) {
    for (int b = 0; b < a; ++b) {
      for (const int side : {0, 34}) {
        EXPECT_GE(difference(sample_of(a).narrow(1, side, 22), sample_of(b).narrow(1, side, 22)), 8)
            << a << " and " << b << " from x = " << side;
      }
    }
  }
}

// A dot of radius 1.6 covers 8 pixels, a bar 9; in a triangle they share more than half of them.
TEST(ChartMarks, FillingsOfSixKindsDifferInEveryShape) {
  for (int name = 0; name < kNames; ++name) {
    for (int a = 0; a < kKinds; ++a) {
      for (int b = 0; b < a; ++b) {
        EXPECT_GE(difference(marker_of(name, a), marker_of(name, b)), 3)
            << a << " and " << b << " of shape " << name;
      }
    }
  }
}

TEST(ChartMarks, EighteenKindsAreDrawnInDifferentWays) {
  for (int a = 0; a < kPairs; ++a) {
    for (int b = 0; b < a; ++b) {
      EXPECT_GE(difference(sample_of(a), sample_of(b)), 5) << a << " and " << b;
    }
  }
}

// Six of one width, of which three would fit: the two data sets of a decode mode stay side by side.
TEST(ChartMarks, KindsStandInColumnsBelowTheNames) {
  const double entry = 56 + 8 + text_width("mmmm", 12) + 22;
  std::vector<LegendEntry> entries(6, {"mmmm", true});
  entries.insert(entries.begin(), {"run", false, 0});
  const Legend narrow = lay_out_legend(entries, 3 * entry);
  EXPECT_EQ(narrow.rows, 4);
  EXPECT_EQ(narrow.entries[0].row, 0);
  for (int i = 0; i < 6; ++i) {
    EXPECT_EQ(narrow.entries[1 + i].row, 1 + i / 2);
    EXPECT_NEAR(narrow.entries[1 + i].x, i % 2 * entry, 1e-9);
  }
  entries.resize(4);
  EXPECT_EQ(lay_out_legend(entries, 3 * entry).rows, 2);
  EXPECT_EQ(lay_out_legend(entries, 10).rows, 4);
}

}  // namespace gyroseg::chart_marks_test
