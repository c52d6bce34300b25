#include "gyroseg/report/line_chart.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include <cmath>
#include <limits>
#include <set>

#include "gyroseg/report/theme.h"

namespace gyroseg::line_chart_test {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

std::vector<std::string> labels(double low, double high, int most, bool loose, double least = 0) {
  return Axis::over(low, high, 0, 1, most, loose, least).labels();
}

TEST(Axis, TicksAreRound) {
  EXPECT_THAT(labels(0, 1, 5, true), ElementsAre("0.0", "0.2", "0.4", "0.6", "0.8", "1.0"));
  EXPECT_THAT(labels(0.13, 0.61, 6, true), ElementsAre("0.1", "0.2", "0.3", "0.4", "0.5", "0.6", "0.7"));
  EXPECT_THAT(labels(0.13, 0.61, 6, false), ElementsAre("0.2", "0.3", "0.4", "0.5", "0.6"));
  EXPECT_THAT(labels(-3, 12, 4, true), ElementsAre("-5", "0", "5", "10", "15"));
  EXPECT_THAT(labels(1, 4, 10, false, 1), ElementsAre("1", "2", "3", "4"));
  EXPECT_THAT(labels(0, 7.6e-6, 4, true), ElementsAre("0", "2e-6", "4e-6", "6e-6", "8e-6"));
  EXPECT_THAT(labels(0, 2.5e7, 3, true), ElementsAre("0", "1e7", "2e7", "3e7"));
  EXPECT_THAT(labels(1000, 1000.5, 5, false), ElementsAre("1000.0", "1000.1", "1000.2", "1000.3", "1000.4", "1000.5"));
}

TEST(Axis, TicksStayWithinTheirBoundsAtAnyScale) {
  for (double scale = 1e-30; scale < 1e30; scale *= 7.3) {
    for (const double low : {-1.0, -0.3, 0.0, 0.2, 0.99}) {
      const Axis axis = Axis::over(low * scale, scale, 100, 300, 6, true);
      EXPECT_LE(axis.low(), low * scale * (1 - 1e-9 * (low > 0 ? -1 : 1)));
      EXPECT_GE(axis.high(), scale * (1 - 1e-9));
      EXPECT_GE(axis.ticks().size(), 3u);
      EXPECT_LE(axis.ticks().size(), 8u);  // 6 intervals, one more at either end at most
      EXPECT_EQ(std::set<std::string>(axis.labels().begin(), axis.labels().end()).size(),
                axis.labels().size());
      EXPECT_NEAR(axis(axis.ticks().front()), 100, 1e-6);
      EXPECT_NEAR(axis(axis.ticks().back()), 300, 1e-6);
    }
  }
}

TEST(Axis, OneValueAloneStandsInTheMiddle) {
  EXPECT_DOUBLE_EQ(Axis::over(3, 3, 0, 10, 5, false)(3), 5);
  EXPECT_DOUBLE_EQ(Axis::over(0, 0, 0, 10, 5, false)(0), 5);
  EXPECT_THAT(labels(1, 1, 10, false, 1), ElementsAre("1"));
  EXPECT_THROW((void)Axis::over(1, 0, 0, 1, 5, true), c10::ValueError);
  EXPECT_THROW((void)Axis::over(kNan, 0, 0, 1, 5, true), c10::ValueError);
  EXPECT_THROW((void)Axis::over(0, 1e300, 0, 1, 5, true), c10::ValueError);
}

TEST(Axis, LogarithmicTicksAreOneTwoFiveOrPowersOfTen) {
  const auto log_labels = [](double low, double high, int most) {
    return Axis::logarithmic(low, high, 0, 1, most).labels();
  };
  EXPECT_THAT(log_labels(0.25, 32, 9), ElementsAre("0.2", "0.5", "1", "2", "5", "10", "20", "50"));
  EXPECT_THAT(log_labels(0.25, 32, 6), ElementsAre("0.1", "1", "10", "100"));
  EXPECT_THAT(log_labels(3e-6, 5e7, 5), ElementsAre("1e-6", "0.001", "1", "1000", "1e6", "1e9"));
  EXPECT_THAT(log_labels(1, 1, 5), ElementsAre("1", "2"));
  const Axis axis = Axis::logarithmic(0.01, 100, 400, 0, 4);
  EXPECT_NEAR(axis(0.1), 300, 1e-9);
  EXPECT_NEAR(axis(std::sqrt(10.0)), 150, 1e-9);
  EXPECT_DOUBLE_EQ(axis(-1), 400);
  EXPECT_THROW((void)Axis::logarithmic(0, 1, 0, 1, 5), c10::ValueError);
}

TEST(LineChart, AWideRangeOfPositiveValuesIsLogarithmic) {
  LineChart chart = {"t", "x", "y", {{"a", "", {1, 2}, {0.5, 32}, {-1, 30}, {2, 34}}}};
  EXPECT_DOUBLE_EQ(frame_of(chart).y.low(), 0);
  chart.log_beyond = 20;
  EXPECT_DOUBLE_EQ(frame_of(chart).y.low(), 0.5);
  EXPECT_DOUBLE_EQ(frame_of(chart).y.high(), 50);
  EXPECT_THAT(draw(chart).document(), Not(HasSubstr("nan")));
  chart.series[0].y[0] = 2;  // too near
  EXPECT_DOUBLE_EQ(frame_of(chart).y.low(), 0);
  chart.series[0].y[0] = -2;
  EXPECT_LT(frame_of(chart).y.low(), 0);
}

// The frame is x 76 to 696, y 344 up to 44; points keep 14 pixels from its sides. x from 1 to 5 are
// then 148 pixels a unit; y from 0 to 3 are 100 pixels a unit.
LineChart small_chart() {
  LineChart chart = {"Title", "epoch", "loss", {}, 1};
  chart.series = {{"a", "", {1, 2, 3, 4, 5}, {0, 3, kNan, 1.5, 2.25}}};
  return chart;
}

TEST(LineChart, CoordinatesAreThoseOfTheAxesAndGapsStayOpen) {
  const ChartFrame frame = frame_of(small_chart());
  EXPECT_DOUBLE_EQ(frame.x(1), 90);
  EXPECT_DOUBLE_EQ(frame.x(2), 238);
  EXPECT_DOUBLE_EQ(frame.y(0), 344);
  EXPECT_DOUBLE_EQ(frame.y(3), 44);
  const std::string document = draw(small_chart()).document();
  EXPECT_THAT(document, HasSubstr("d=\"M90 344L238 44M534 194L682 119\" fill=\"none\" stroke=\"#004c78\""));
  EXPECT_THAT(document, Not(HasSubstr("nan")));
  for (const char* text : {">Title<", ">epoch<", ">loss<", ">a<", ">0.5<", ">5<"}) {
    EXPECT_THAT(document, HasSubstr(text));
  }
}

TEST(LineChart, BandIsAnOutlineAroundEachStretch) {
  LineChart chart = small_chart();
  chart.series[0].low = {0, 2, kNan, 1, 2};
  chart.series[0].high = {0, 3, 9, 2, 3};
  EXPECT_THAT(draw(chart).document(),
              HasSubstr("d=\"M90 344L238 44L238 144L90 344ZM534 144L682 44L682 144L534 244Z\" "
                        "fill=\"#0072b2\" opacity=\"0.15\""));
}

TEST(LineChart, ABandDoesNotDrawThePositiveBelowZero) {
  LineChart chart = {"t", "x", "y", {{"a", "", {1, 2}, {1, 2}, {-1, -7}, {3, 4}}}};
  EXPECT_DOUBLE_EQ(frame_of(chart).y.low(), 0);
  EXPECT_DOUBLE_EQ(frame_of(chart).y.high(), 4);
  chart.series[0].y[0] = -0.5;
  EXPECT_LE(frame_of(chart).y.low(), -7);
}

TEST(LineChart, ColoursFollowTheOrderOfNames) {
  LineChart chart = {"t", "x", "y", {{"b", "", {0, 1}, {0, 1}}, {"new", "", {0, 1}, {0, 1}}}};
  chart.names = {"a", "b"};
  const std::string document = draw(chart).document();
  EXPECT_THAT(document, HasSubstr(readable(series_color(1), Theme{})));
  EXPECT_THAT(document, HasSubstr(readable(series_color(2), Theme{})));
  EXPECT_THAT(document, Not(HasSubstr(readable(series_color(0), Theme{}))));
  EXPECT_THAT(document, Not(HasSubstr(">a<")));  // it has no curve
}

TEST(LineChart, WhatHasNoNumbersIsAnEmptyFrame) {
  LineChart chart = {"t", "x", "y", {{"a", "", {1, 2}, {kNan, INFINITY}}, {"b", "", {}, {}}}};
  chart.series.push_back({"c", "", {kNan, 1}, {1, 1e200}});
  const std::string document = draw(chart).document();
  EXPECT_THAT(document, Not(HasSubstr("<path d=\"M9")));
  EXPECT_THAT(document, Not(HasSubstr("inf")));
  EXPECT_THAT(document, HasSubstr(">c<"));
}

TEST(LineChart, APointThatNoLineReachesHasAMarker) {
  LineChart chart = {"t", "x", "y", {{"a", "", std::vector<double>(200, 0), std::vector<double>(200, kNan)}}};
  for (int i = 0; i < 200; ++i) {
    chart.series[0].x[i] = i;
  }
  const auto circles = [&] {
    const std::string document = draw(chart).document();
    std::size_t count = 0;
    for (std::size_t at = document.find("<circle"); at != std::string::npos;
         at = document.find("<circle", at + 1)) {
      ++count;
    }
    return count;
  };
  EXPECT_EQ(circles(), 1u);  // the legend's
  chart.series[0].y[101] = 1;
  EXPECT_EQ(circles(), 2u);
}

TEST(LineChart, NamesHaveColoursAndKindsHaveDashes) {
  LineChart chart = {"t", "x", "y", {}};
  for (const char* name : {"run one", "run two"}) {
    for (const char* kind : {"validation", "training"}) {
      chart.series.push_back({name, kind, {0, 1}, {0, 1}});
    }
  }
  const std::string document = draw(chart).document();
  EXPECT_THAT(document, HasSubstr("stroke=\"#913e00\" stroke-width=\"1.8\" stroke-linejoin=\"round\" "
                                  "stroke-dasharray=\"7 4\""));
  for (const char* text : {">run one<", ">run two<", ">validation<", ">training<"}) {
    EXPECT_NE(document.find(text), std::string::npos) << text;
    EXPECT_EQ(document.find(text), document.rfind(text)) << text;
  }
}

// So that training is dashed in a chart of its own as it is beside validation.
TEST(LineChart, DashesFollowTheOrderOfKinds) {
  LineChart chart = {"t", "x", "y", {{"a", "training", {0, 1}, {0, 1}}}};
  EXPECT_THAT(draw(chart).document(), Not(HasSubstr("stroke-dasharray")));
  EXPECT_THAT(draw(chart).document(), Not(HasSubstr(">training<")));
  chart.kinds = {"validation", "training"};
  const std::string document = draw(chart).document();
  EXPECT_THAT(document, HasSubstr("stroke-dasharray=\"7 4\""));
  EXPECT_THAT(document, HasSubstr(">training<"));
  EXPECT_THAT(document, Not(HasSubstr(">validation<")));  // it has no curve
}

TEST(LineChart, LongLegendsWrapAndStayInside) {
  LineChart chart = {"t", "x", "y", {}};
  for (int i = 0; i < 12; ++i) {
    chart.series.push_back({"runs/a_rather_long_name_of_a_run_" + std::to_string(i), "", {0, 1}, {0, 1}});
  }
  chart.series.push_back({std::string(300, 'm'), "", {0, 1}, {0, 1}});
  const Svg few = draw({"t", "x", "y", {chart.series[0]}});
  const Svg many = draw(chart);
  EXPECT_GE(many.height(), few.height() + 6 * 22);
  EXPECT_THAT(many.document(), Not(HasSubstr(std::string(100, 'm'))));
}

TEST(LineChart, RaggedSeriesAreRefused) {
  EXPECT_THROW((void)draw({"t", "x", "y", {{"a", "", {1, 2}, {1}}}}), c10::ValueError);
  EXPECT_THROW((void)draw({"t", "x", "y", {{"a", "", {1}, {1}, {1}, {}}}}), c10::ValueError);
}

// Relative luminance (WCAG 2) of the colours against white, as they are drawn: 3 to 1 at least.
TEST(LineChart, ColoursAreSevenAndDarkEnough) {
  std::set<std::string> colors;
  for (std::size_t i = 0; i < 7; ++i) {
    const std::string color = readable(series_color(i), Theme{});
    colors.insert(color);
    double luminance = 0;
    for (int c = 0; c < 3; ++c) {
      const double value = std::stoi(color.substr(1 + 2 * c, 2), nullptr, 16) / 255.0;
      const double linear = value <= 0.04045 ? value / 12.92 : std::pow((value + 0.055) / 1.055, 2.4);
      luminance += linear * (c == 0 ? 0.2126 : c == 1 ? 0.7152 : 0.0722);
    }
    EXPECT_GE(1.05 / (luminance + 0.05), 3) << color;
  }
  EXPECT_EQ(colors.size(), 7u);
}

// Dimensions 2, 4, 16: equal factors are equal lengths, and no other tick is made up.
TEST(AxisThrough, IsLogarithmicWithTheGivenTicks) {
  const Axis axis = Axis::through({2, 4, 16}, 100, 400);
  EXPECT_EQ(axis.labels(), (std::vector<std::string>{"2", "4", "16"}));
  EXPECT_NEAR(axis(2), 100, 1e-9);
  EXPECT_NEAR(axis(4), 200, 1e-9);
  EXPECT_NEAR(axis(8), 300, 1e-9);
  EXPECT_NEAR(axis(16), 400, 1e-9);
  EXPECT_NEAR(Axis::through({8}, 0, 10)(8), 5, 1e-9);
  EXPECT_THROW((void)Axis::through({}, 0, 1), c10::ValueError);
  EXPECT_THROW((void)Axis::through({4, 2}, 0, 1), c10::ValueError);
  EXPECT_THROW((void)Axis::through({2, 2}, 0, 1), c10::ValueError);
  EXPECT_THROW((void)Axis::through({0, 2}, 0, 1), c10::ValueError);
}

TEST(LineChart, TicksOfXMakeItLogarithmic) {
  LineChart chart;
  chart.series = {{"a", "", {2, 4, 16}, {1, 2, 3}}};
  chart.x_ticks = {2, 4, 16};
  const ChartFrame frame = frame_of(chart);
  EXPECT_NEAR(frame.x(16) - frame.x(4), 2 * (frame.x(4) - frame.x(2)), 1e-9);
  EXPECT_EQ(frame.x.ticks(), chart.x_ticks);
  EXPECT_NO_THROW((void)draw(chart));
}

}  // namespace gyroseg::line_chart_test
