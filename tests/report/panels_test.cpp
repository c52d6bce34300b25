#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <fstream>

#include "gyroseg/data/image_io.h"
#include "gyroseg/report/confusion_figure.h"
#include "gyroseg/report/metrics_files.h"
#include "gyroseg/report/panel_grid.h"
#include "support/tiny_run.h"

namespace gyroseg::panels_test {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
    ++found;
  }
  return found;
}

torch::Tensor drawn(const Svg& svg, const std::filesystem::path& folder) {
  return read_image(write_figure(folder, "drawn", svg).back());
}

std::vector<int> color_at(const torch::Tensor& pixels, double x, double y) {
  const torch::Tensor c = pixels[static_cast<int>(2 * y)][static_cast<int>(2 * x)];
  return {c[0].item<int>(), c[1].item<int>(), c[2].item<int>()};
}

torch::Tensor plain(int height, int width, std::uint8_t r, std::uint8_t g, std::uint8_t b) {
  return torch::tensor({r, g, b}, torch::kUInt8).expand({height, width, 3}).contiguous();
}

// Columns are 200 wide from x = 20 with gaps of 10; pictures begin below title (44), one line of
// headings (16) and the row's caption (18).
TEST(PanelGrid, PicturesStandInRowsAndColumns) {
  const TemporaryFolder folder("panels");
  const torch::Tensor halves = torch::cat({plain(20, 10, 9, 9, 9), plain(20, 10, 99, 99, 99)}, 1);
  PanelGrid grid;
  grid.title = "figures & people";
  grid.columns = {"image", "truth"};
  grid.rows = {{"000.png", {{plain(10, 20, 250, 0, 0)}, {plain(20, 20, 0, 250, 0), false, "90 % right"}}},
               {"001.png", {{plain(20, 20, 0, 0, 250)}, {halves, false}}}};
  grid.legend = {{"background", {48, 48, 48}}, {"head", {200, 10, 20}}};
  const Svg svg = draw(grid);
  EXPECT_EQ(svg.width(), 450);
  const torch::Tensor pixels = drawn(svg, folder.path());
  using Color = std::vector<int>;
  EXPECT_EQ(color_at(pixels, 22, 80), (Color{250, 0, 0}));
  EXPECT_EQ(color_at(pixels, 218, 176), (Color{250, 0, 0}));
  EXPECT_EQ(color_at(pixels, 100, 190), (Color{255, 255, 255}));  // half as high as wide
  EXPECT_EQ(color_at(pixels, 225, 100), (Color{255, 255, 255}));  // the gap
  EXPECT_EQ(color_at(pixels, 232, 270), (Color{0, 250, 0}));
  // The second row begins after 18 + 200 + 18 (a caption) + 10.
  EXPECT_EQ(color_at(pixels, 100, 60 + 246 + 18 + 5), (Color{0, 0, 250}));
  // A mask's pixels, 10 by 10 here, stay squares.
  EXPECT_EQ(color_at(pixels, 329, 400), (Color{9, 9, 9}));
  EXPECT_EQ(color_at(pixels, 331, 400), (Color{99, 99, 99}));
  const std::string document = svg.document();
  for (const char* text : {">image<", ">truth<", ">000.png<", ">90 % right<", ">head<", ">background<",
                           "fill=\"#c80a14\""}) {
    EXPECT_EQ(count(document, text), 1u) << text;
  }
}

TEST(PanelGrid, ManyClassesAndLongNamesStayInside) {
  PanelGrid grid;
  grid.columns = {"image", "runs/experiment_with_a_very_long_name_indeed_and_more_than_three_lines_of_it", "truth"};
  grid.rows = {{std::string(300, 'x'), {{plain(8, 8, 1, 2, 3)}, {plain(8, 8, 1, 2, 3)}, {plain(8, 8, 1, 2, 3)}}}};
  for (int i = 0; i < 26; ++i) {
    grid.legend.push_back({"class_of_a_longer_name_" + std::to_string(i), {1, 2, 3}});
  }
  const std::string document = draw(grid).document();
  EXPECT_THAT(document, HasSubstr(">runs/experiment_with_a_<"));
  EXPECT_THAT(document, HasSubstr(">class_of_a_longer_name_25<"));
  EXPECT_THAT(document, Not(HasSubstr(std::string(200, 'x'))));
}

TEST(PanelGrid, WrongGridsAreRefused) {
  PanelGrid grid;
  grid.columns = {"image"};
  EXPECT_THROW((void)draw(grid), c10::ValueError);
  grid.rows = {{"a", {}}};
  EXPECT_THROW((void)draw(grid), c10::ValueError);
  grid.rows = {{"a", {{torch::zeros({4, 4}, torch::kUInt8)}}}};
  EXPECT_THROW((void)draw(grid), c10::ValueError);
}

TEST(ClassImage, NegativeClassesHaveAColourOfTheirOwn) {
  const torch::Tensor image = class_image(torch::tensor({{1, -1}}, torch::kInt64), {{1, 2, 3}, {4, 5, 6}});
  EXPECT_TRUE(image.equal(torch::tensor({{{4, 5, 6}, {224, 224, 224}}}, torch::kUInt8))) << image;
}

TEST(ConfusionFigure, ReadsWhatEvaluateWrites) {
  const TemporaryFolder folder("confusion");
  MetricsReport report;
  LevelReport& level = report.levels.emplace_back();
  level.level = 2;
  level.classes = {{"a, \"b\"\nc", 1.0, 1.0, 6, false}, {"#bg", 0.5, 0.25, 4, true}};
  level.classes[1].undecided = 2;
  level.confusion = torch::tensor({{6, 0}, {1, 1}}, torch::kInt64);
  write_metrics(folder.path(), {{"level_sum", report}, {"back_level9_off", report}});
  std::ofstream(folder.path() / "confusion_levels.csv") << "x";
  const std::vector<ConfusionFile> files = confusion_files(folder.path());
  ASSERT_EQ(files.size(), 2u);
  EXPECT_EQ(files[0].mode, "back_level9_off");
  EXPECT_EQ(files[1].mode, "level_sum");
  EXPECT_EQ(files[1].level, 2);
  const ConfusionTable table = read_confusion(files[1].path);
  EXPECT_THAT(table.truth, ElementsAre("a, \"b\"\nc", "#bg"));
  EXPECT_THAT(table.prediction, ElementsAre("a, \"b\"\nc", "#bg", "(undecided)"));
  EXPECT_THAT(table.counts, ElementsAre(ElementsAre(6, 0, 0), ElementsAre(1, 1, 2)));
  EXPECT_TRUE(confusion_files(folder.path() / "none").empty());
}

TEST(ConfusionFigure, BrokenFilesAreNamedWithTheirLine) {
  const TemporaryFolder folder("confusion_broken");
  const std::filesystem::path file = folder.path() / "confusion_a_level1.csv";
  const auto message = [&](const std::string& text) -> std::string {
    std::ofstream(file) << text;
    try {
      (void)read_confusion(file);
    } catch (const DataError& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_THAT(message("t,a,b\na,1,2\nb,3\n"), HasSubstr("level1.csv:3: expected 3 cells, found 2"));
  EXPECT_THAT(message("t,\"a\nA\",b\na,1,2\nb,3,x4\n"), HasSubstr(":4: expected a number of pixels, found \"x4\""));
  EXPECT_THAT(message("t,a\n"), HasSubstr("found 1 rows"));
  EXPECT_THAT(message("t,a\na,-1\n"), HasSubstr("found \"-1\""));
}

TEST(ConfusionFigure, CellsAreSharesOfTheirRow) {
  const TemporaryFolder folder("confusion_cells");
  ConfusionTable table = {{"a", "b", "none"}, {"a", "b", "none"}, {{996, 4, 0}, {1, 1, 2}, {0, 0, 0}}};
  const Svg svg = draw(table, "title");
  const std::string document = svg.document();
  EXPECT_EQ(count(document, ">100<"), 1u);
  EXPECT_EQ(count(document, ">&lt;1<"), 1u);
  EXPECT_EQ(count(document, ">25<"), 2u);
  EXPECT_EQ(count(document, ">50<"), 1u);
  EXPECT_EQ(count(document, ">0<"), 0u);
  EXPECT_EQ(count(document, "stroke=\"#bbbbbb\""), 3u);  // the row of no pixels, hatched
  // Half way from white to (8, 48, 107): 131.5, 151.5, 181.
  EXPECT_THAT(document, HasSubstr("fill=\"#8498b5\""));
  table.counts[1].pop_back();
  EXPECT_THROW((void)draw(table, ""), c10::ValueError);
  EXPECT_THROW((void)draw(ConfusionTable{}, ""), c10::ValueError);
}

}  // namespace gyroseg::panels_test
