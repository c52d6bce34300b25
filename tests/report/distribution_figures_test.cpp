#include "gyroseg/report/distribution_figures.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <cmath>

#include "../../src/report/label_places.h"
#include "gyroseg/report/csv_table.h"
#include "support/value_error.h"

namespace gyroseg::distribution_figures_test {

using testing::expect_value_error;
using ::testing::HasSubstr;

// numpy.quantile([1, 2, 4, 8], q), whose default is linear: 0.25 -> 1.75, 0.5 -> 3, 0.95 -> 7.4.
TEST(Quantile, IsLinearBetweenNeighbours) {
  const std::vector<double> values = {1, 2, 4, 8};
  EXPECT_DOUBLE_EQ(quantile(values, 0.25), 1.75);
  EXPECT_DOUBLE_EQ(quantile(values, 0.5), 3);
  EXPECT_NEAR(quantile(values, 0.95), 7.4, 1e-12);
  EXPECT_EQ(quantile(values, 0), 1);
  EXPECT_EQ(quantile({5}, 1), 5);
}

TEST(BoxFigure, DrawsGroupsAndNamedMarksAndLeavesGapsOut) {
  BoxFigure figure;
  figure.title = "radius";
  figure.groups = {{"1", {0, 90, 180}, {1, 2, NAN, 4}}, {"2", {0, 90, 180}, {}}};
  figure.marks = {{1, 2.5, "head", {200, 0, 0}}, {0, NAN, "torso", {0, 200, 0}}};
  const std::string document = draw(figure).document();
  EXPECT_THAT(document, HasSubstr(">head</text>"));
  EXPECT_EQ(document.find(">torso</text>"), std::string::npos);
  EXPECT_THAT(document, HasSubstr("#003b7a"));  // (0, 90, 180) as a mark on white
  for (int i = 0; i < 60; ++i) {  // more names than a figure of the usual height has rows for
    figure.marks.push_back({1, 2.5, "c" + std::to_string(i), {0, 0, 200}});
  }
  const Svg high = draw(figure);
  EXPECT_GE(high.height(), 61 * 14);
  EXPECT_THAT(high.document(), HasSubstr(">c59</text>"));
  figure.marks[0].group = 2;
  expect_value_error([&] { (void)draw(figure); }, "group 2 of 2");
  expect_value_error([] { (void)draw(BoxFigure{}); }, "expected a group");
}

TEST(SpreadApart, MovesAsLittleAsItMust) {
  using ::testing::ElementsAre;
  EXPECT_THAT(spread_apart({0, 3, 7}, 2, -9, 9), ElementsAre(0, 3, 7));
  EXPECT_THAT(spread_apart({1, 1, 1}, 2, -9, 9), ElementsAre(-1, 1, 3));
  EXPECT_THAT(spread_apart({5, 5.5, 20}, 2, 0, 30), ElementsAre(4.25, 6.25, 20));
  EXPECT_THAT(spread_apart({0, 0, 9}, 2, 0, 9), ElementsAre(0, 2, 9));
  EXPECT_THAT(spread_apart({8, 9}, 2, 0, 9), ElementsAre(7, 9));
  EXPECT_THAT(spread_apart({4, 4, 4}, 5, 0, 9), ElementsAre(0, 5, 10)) << "no room: apart all the same";
  EXPECT_THAT(spread_apart({}, 2, 0, 9), ElementsAre());
}

TEST(HistogramFigure, NamesTheCountAndTheMedianOfEachRow) {
  HistogramFigure figure;
  figure.groups = {{"head", {200, 0, 0}, {1, 2, 6}}, {"torso", {0, 200, 0}, {}}};
  const std::string document = draw(figure).document();
  EXPECT_THAT(document, HasSubstr(">n 3</text>"));
  EXPECT_THAT(document, HasSubstr(">median 2</text>"));
  EXPECT_THAT(document, HasSubstr(">none</text>"));
}

TEST(HeatImage, IsDarkBelowBrightAboveAndCutAtTheEnds) {
  const torch::Tensor image = heat_image(torch::tensor({{-5.0, 0.0, 0.5}, {0.75, 1.0, 9.0}}), 0, 1).to(torch::kInt64);
  const torch::Tensor brightness = image.sum(-1);
  EXPECT_TRUE(torch::equal(image[0][0], image[0][1]));
  EXPECT_TRUE(torch::equal(image[1][1], image[1][2]));
  EXPECT_LT(brightness[0][1].item<std::int64_t>(), brightness[0][2].item<std::int64_t>());
  EXPECT_LT(brightness[0][2].item<std::int64_t>(), brightness[1][1].item<std::int64_t>());
  // cividis ends in yellow: red and green above blue.
  EXPECT_GT(image[1][1][0].item<std::int64_t>(), image[1][1][2].item<std::int64_t>());
  expect_value_error([] { (void)heat_image(torch::zeros({1, 1}), 1, 1); }, "low < high");
}

TEST(CsvTable, QuotesAndCountsCells) {
  CsvTable table({"a", "b"});
  table.add({"x, y", "say \"hi\""});
  EXPECT_EQ(table.text(), "a,b\n\"x, y\",\"say \"\"hi\"\"\"\n");
  expect_value_error([&] { table.add({"1"}); }, "expected 2 cells, got 1");
}

}  // namespace gyroseg::distribution_figures_test
