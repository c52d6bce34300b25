#include "gyroseg/report/theme.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "../../src/report/color_space.h"
#include "gyroseg/report/svg.h"

namespace gyroseg::theme_test {

// CSS Color 4, "sample code for color conversions": the primaries and white in OKLab.
TEST(OkLab, PrimariesAreAsPublished) {
  const std::vector<std::pair<Rgb, OkLab>> published = {
      {{255, 0, 0}, {0.62796, 0.22486, 0.12585}},
      {{0, 255, 0}, {0.86644, -0.23389, 0.17950}},
      {{0, 0, 255}, {0.45201, -0.03246, -0.31153}},
      {{255, 255, 255}, {1, 0, 0}}};
  for (const auto& [color, lab] : published) {
    for (int i = 0; i < 3; ++i) {
      EXPECT_NEAR(oklab_of(linear_of(color))[i], lab[i], 2e-5) << hex(color);
    }
    EXPECT_EQ(encoded(linear_of_oklab(lab)), color);
  }
  EXPECT_NEAR(hue_of({0.5, 0, -0.1}), 270, 1e-9);
  EXPECT_NEAR(hue_of(lch(0.5, 0.1, 20)), 20, 1e-9);
}

// Neutral colours look neutral to everyone; a red and a green of one luminance do not differ much
// without a kind of cones.
TEST(Vision, GreysStayAndRedMeetsGreen) {
  const auto apart = [](const LinearRgb& a, const LinearRgb& b) {
    const OkLab x = oklab_of(a), y = oklab_of(b);
    return std::hypot(x[0] - y[0], x[1] - y[1], x[2] - y[2]);
  };
  const LinearRgb red = linear_of({184, 96, 40}), green = linear_of({98, 134, 40});
  EXPECT_GT(apart(red, green), 0.15);
  for (const Vision vision : {Vision::protanopia, Vision::deuteranopia}) {
    EXPECT_LT(apart(seen_with(vision, {0.4, 0.4, 0.4}), {0.4, 0.4, 0.4}), 1e-3);
    EXPECT_LT(apart(seen_with(vision, red), seen_with(vision, green)), 0.1);
  }
}

// Values of the rule in numpy, rounded to 8 bits; tests/page/moebius_test.mjs has the same of the
// page.
TEST(Theme, ColoursMoveInProportion) {
  const std::vector<std::array<std::string, 3>> colors = {{"#0072b2", "#004c78", "#008edc"},
                                                          {"#e69f00", "#9d6b00", "#fbae00"},
                                                          {"#cc79a7", "#8b5171", "#e88abe"},
                                                          {"#303030", "#1d1d1d", "#696969"},
                                                          {"#ffff4d", "#959529", "#ffff8a"},
                                                          {"#0000ff", "#0000ae", "#5252ff"}};
  for (const auto& [color, on_light, on_dark] : colors) {
    EXPECT_EQ(readable(color, Theme{}), on_light);
    EXPECT_EQ(readable(color, dark_theme()), on_dark);
  }
  EXPECT_TRUE(is_dark(dark_theme()));
  EXPECT_FALSE(is_dark({}));
}

// WCAG 2.1, 1.4.11, on the grounds of figures and of the page (page.css), and what is asked
// besides: the hue.
TEST(Theme, EveryColourHasAContrastOfThreeAndItsHue) {
  const auto contrast = [](const Rgb& a, const Rgb& b) {
    const double x = luminance_of(linear_of(a)), y = luminance_of(linear_of(b));
    return (std::max(x, y) + 0.05) / (std::min(x, y) + 0.05);
  };
  const Rgb white = {255, 255, 255}, pale = {0xfb, 0xfb, 0xfd};
  const Rgb black = {0x15, 0x18, 0x1d}, disk = {0x1a, 0x1e, 0x23};
  for (int i = 0; i < 6 * 6 * 6; ++i) {
    const Rgb color = {static_cast<std::uint8_t>(51 * (i / 36)),
                       static_cast<std::uint8_t>(51 * (i / 6 % 6)),
                       static_cast<std::uint8_t>(51 * (i % 6))};
    const Rgb on_light = readable(color, Theme{}), on_dark = readable(color, dark_theme());
    EXPECT_GE(std::min(contrast(on_light, white), contrast(on_light, pale)), 3) << hex(color);
    EXPECT_GE(std::min(contrast(on_dark, black), contrast(on_dark, disk)), 3) << hex(color);
    const OkLab own = oklab_of(linear_of(color));
    if (std::hypot(own[1], own[2]) > 0.1) {
      // Scaling keeps it but for the rounding; mixing a blue at the rim of sRGB with grey moves it
      // a little.
      const auto turned = [&](const Rgb& moved) {
        return std::abs(std::remainder(hue_of(oklab_of(linear_of(moved))) - hue_of(own), 360));
      };
      EXPECT_LT(turned(on_light), 2) << hex(color);
      EXPECT_LT(turned(on_dark), 15) << hex(color);
    }
  }
}

}  // namespace gyroseg::theme_test
