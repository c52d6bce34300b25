#include "gyroseg/report/theme.h"

#include <c10/util/Exception.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "color_space.h"
#include "gyroseg/report/svg.h"

namespace gyroseg {
namespace {

// Luminances that leave the contrast of 3 to 1 which WCAG 2.1 (1.4.11) asks of graphics, on white
// and #15181d here and on the page's #fbfbfd and #1a1e23; theme.mjs has the same.
constexpr double kMostOnLight = 0.28;
constexpr double kLeastOnDark = 0.14;

Rgb rgb_of(const std::string& hex_color) {
  unsigned r = 0, g = 0, b = 0;
  TORCH_CHECK_VALUE(std::sscanf(hex_color.c_str(), "#%2x%2x%2x", &r, &g, &b) == 3,
                    "Theme: expected a colour #rrggbb, got ", hex_color);
  return {static_cast<std::uint8_t>(r), static_cast<std::uint8_t>(g), static_cast<std::uint8_t>(b)};
}

}  // namespace

bool is_dark(const Theme& theme) { return luminance_of(linear_of(rgb_of(theme.ground))) < 0.18; }

Rgb readable(const Rgb& color, const Theme& theme) {
  const LinearRgb linear = linear_of(color);
  const double shade = std::cbrt(luminance_of(linear));
  const double most = std::cbrt(kMostOnLight);
  const double least = std::cbrt(kLeastOnDark);
  const double moved = is_dark(theme)
                           ? std::max(least, 1 - (1 - shade) * (1 - least) / (1 - kDarkestShade))
                           : std::min(most, shade * most / kLightestShade);
  return encoded(relit(linear, moved * moved * moved));
}

std::string readable(const std::string& color, const Theme& theme) {
  return hex(readable(rgb_of(color), theme));
}

}  // namespace gyroseg
