#include "gyroseg/report/disk_figure.h"

#include <gtest/gtest.h>

#include <cmath>
#include <regex>
#include <string>

#include "support/value_error.h"

namespace gyroseg::disk_figure_test {

using testing::expect_value_error;

double length_of(double x, double y) { return std::hypot(x, y); }

TEST(GeodesicCircle, IsOrthogonalToTheBoundaryAndHoldsBothPoints) {
  for (const auto& [a, b] : {std::pair{PlanePoint{0.5, 0.1}, PlanePoint{-0.2, 0.7}},
                             std::pair{PlanePoint{0.9, 0.3}, PlanePoint{0.91, 0.31}},
                             std::pair{PlanePoint{-0.6, -0.79}, PlanePoint{0.1, 0.05}}}) {
    const auto circle = geodesic_circle(a, b).value();
    const auto& k = circle.centre;
    EXPECT_NEAR(k[0] * k[0] + k[1] * k[1], 1 + circle.radius * circle.radius, 1e-6);
    EXPECT_NEAR(length_of(a[0] - k[0], a[1] - k[1]), circle.radius, 1e-9);
    EXPECT_NEAR(length_of(b[0] - k[0], b[1] - k[1]), circle.radius, 1e-9);
  }
  // The ideal triangle's side between (1,0) and (0,1): centre (1,1), radius 1.
  const auto side = geodesic_circle({1, 0}, {0, 1}).value();
  EXPECT_NEAR(side.centre[0], 1, 1e-12);
  EXPECT_NEAR(side.centre[1], 1, 1e-12);
  EXPECT_NEAR(side.radius, 1, 1e-12);
}

TEST(GeodesicCircle, ThroughTheCentreIsADiameter) {
  EXPECT_FALSE(geodesic_circle({0.2, 0.4}, {-0.1, -0.2}).has_value());
  EXPECT_FALSE(geodesic_circle({0, 0}, {0.3, 0.8}).has_value());
  EXPECT_FALSE(geodesic_circle({0.3, 0.8}, {0.3, 0.8}).has_value());
}

EmbeddingPicture two_nodes(const PlanePoint& parent, const PlanePoint& child) {
  EmbeddingPicture picture;
  picture.title = "two nodes";
  picture.legend = {{"cat", {200, 30, 30}}, {"dog", {30, 90, 200}}};
  picture.nodes = {{"animal", parent, {90, 90, 90}, -1}, {"dog", child, {30, 90, 200}, 0}};
  return picture;
}

// "M x y A r r 0 0 S x y" of the only arc of the document.
struct Arc {
  double x1, y1, radius, x2, y2;
  bool clockwise;
};

Arc arc_of(const std::string& document) {
  const std::regex form(R"(d="M([-\d.]+) ([-\d.]+)A([-\d.]+) [-\d.]+ 0 0 ([01]) ([-\d.]+) ([-\d.]+)\")");
  std::smatch match;
  EXPECT_TRUE(std::regex_search(document, match, form));
  const auto number = [&](int i) { return std::stod(match[i]); };
  return {number(1), number(2), number(3), number(5), number(6), match[4] == "1"};
}

// The hyperbolic midpoint of (1/2, 0) and (0, 1/2) lies on the diagonal at m = 2 - sqrt(5/2) from the
// centre in each coordinate: it halves the arc, which therefore bends towards the centre.
TEST(DiskFigure, EdgesAreTheArcsOfGeodesics) {
  for (const bool swapped : {false, true}) {
    const PlanePoint a = {0.5, 0}, b = {0, 0.5};
    const Arc arc = arc_of(draw(swapped ? two_nodes(b, a) : two_nodes(a, b)).document());
    constexpr double kScale = 300, kCentreX = 360, kCentreY = 348;
    // Points are farther than half of the radius only from there on: the whole disk needs one.
    const double scale = length_of(arc.x1 - kCentreX, arc.y1 - kCentreY) / 0.5;
    EXPECT_GE(scale, kScale);
    const double radius = arc.radius / scale;  // of the circle about (5/4, 5/4)
    EXPECT_NEAR(radius, std::sqrt(2 * 1.25 * 1.25 - 1), 1e-3);
    // The centre of the drawn circle by its sweep: on the far side of the chord from the origin.
    const double mx = (arc.x1 + arc.x2) / 2, my = (arc.y1 + arc.y2) / 2;
    const double dx = arc.x2 - arc.x1, dy = arc.y2 - arc.y1;
    const double height = std::sqrt(arc.radius * arc.radius - (dx * dx + dy * dy) / 4);
    const double sense = arc.clockwise ? 1 : -1;  // clockwise on the page: centre to the right
    const double cx = mx - sense * dy / std::hypot(dx, dy) * height;
    const double cy = my + sense * dx / std::hypot(dx, dy) * height;
    EXPECT_NEAR((cx - kCentreX) / scale, 1.25, 2e-3);
    EXPECT_NEAR((kCentreY - cy) / scale, 1.25, 2e-3);
  }
}

TEST(DiskFigure, PlaneEdgesAreStraightAndCirclesAreLabelled) {
  EmbeddingPicture picture = two_nodes({-3, 0}, {0, 4});
  picture.space = PictureSpace::plane;
  const std::string document = draw(picture).document();
  EXPECT_EQ(document.find("A1"), std::string::npos);
  EXPECT_NE(document.find(">animal</text>"), std::string::npos);
  EXPECT_NE(document.find(">3</text>"), std::string::npos);  // a circle at distance 3
}

TEST(DiskFigure, CirclesOfTheDiskStandAtTheirHyperbolicDistance) {
  EmbeddingPicture picture = two_nodes({0.9, 0}, {0, 0.5});
  picture.curvature = 4;
  const std::string document = draw(picture).document();
  // Distance 1 at c = 4: tanh(2 * 1 / 2) = 0.76159 of 300 pixels.
  EXPECT_NE(document.find("r=\"228.48\""), std::string::npos);
  EXPECT_NE(document.find(">1.0</text>"), std::string::npos);
  EXPECT_NE(document.find("r=\"300\""), std::string::npos);
}

TEST(DiskFigure, GreatCirclesOfTheSphereBend) {
  EmbeddingPicture picture = two_nodes({1, 0}, {0, 1});
  picture.space = PictureSpace::sphere;
  const std::string document = draw(picture).document();
  // By symmetry the middle of the edge has direction (1, 1); it is lifted to the sum of both points.
  const double s = std::sin(1.0), c = std::cos(1.0);
  const double angle = std::atan2(s, std::sqrt(2.0) * c);
  const double middle = 360 + angle / std::sqrt(2.0) * 300 / 1.06;
  char text[32];
  std::snprintf(text, sizeof text, "L%.2f", middle);
  EXPECT_NE(document.find(text), std::string::npos) << text;
}

TEST(DiskFigure, WrongPixelsAreEmptyMarkersAndThemesChangeGroundAndFaintColours) {
  EmbeddingPicture picture = two_nodes({0.9, 0}, {0, 0.5});
  picture.legend.push_back({"background", {48, 48, 48}});
  picture.points = {{{0.1, 0.2}, 0, true}, {{0.2, 0.1}, 0, false}, {{0.3, 0.3}, 2, true}};
  const std::string light = draw(picture).document();
  picture.theme = dark_theme();
  const std::string dark = draw(picture).document();
  EXPECT_NE(light.find("stroke=\"#881111\""), std::string::npos);
  EXPECT_NE(light.find("fill=\"#1d1d1d\""), std::string::npos);
  EXPECT_EQ(dark.find("fill=\"#1d1d1d\""), std::string::npos);
  EXPECT_NE(dark.find(picture.theme.ground), std::string::npos);
  EXPECT_EQ(dark.find("#ffffff"), std::string::npos);
}

TEST(DiskFigure, WhatIsNotThereIsNamedAndGapsAreLeftOut) {
  EmbeddingPicture picture = two_nodes({NAN, 0}, {0, 0.5});
  picture.points = {{{NAN, 0.2}, 0, true}, {{0.1, 0.2}, -1, true}};
  EXPECT_NO_THROW((void)draw(picture).document());
  picture.points[0] = {{1.1, 0}, 0, true};
  expect_value_error([&] { (void)draw(picture); }, "must be inside");
  picture.points[0] = {{0.1, 0}, 2, true};
  expect_value_error([&] { (void)draw(picture); }, "class 2 of 2");
}

TEST(WrappedText, LinesFitAndKeepTheWords) {
  const auto lines = wrapped_text("one two three four", 12, text_width("one two", 12) + 1);
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_EQ(lines[0], "one two");
  EXPECT_EQ(lines[2], "four");
  EXPECT_TRUE(wrapped_text("", 12, 100).empty());
}

}  // namespace gyroseg::disk_figure_test
