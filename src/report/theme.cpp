#include "gyroseg/report/theme.h"

#include <c10/util/Exception.h>

#include <cmath>
#include <cstdio>

#include "gyroseg/report/svg.h"

namespace gyroseg {
namespace {

// Small marks on dark need more than on white, where a pale one has its darker neighbours.
constexpr double kContrastOnLight = 1.5;
constexpr double kContrastOnDark = 2.5;

Rgb rgb_of(const std::string& hex_color) {
  unsigned r = 0, g = 0, b = 0;
  TORCH_CHECK_VALUE(std::sscanf(hex_color.c_str(), "#%2x%2x%2x", &r, &g, &b) == 3,
                    "Theme: expected a colour #rrggbb, got ", hex_color);
  return {static_cast<std::uint8_t>(r), static_cast<std::uint8_t>(g), static_cast<std::uint8_t>(b)};
}

double relative_luminance(const Rgb& color) {
  const auto linear = [](std::uint8_t channel) {
    const double s = channel / 255.0;
    return s <= 0.04045 ? s / 12.92 : std::pow((s + 0.055) / 1.055, 2.4);
  };
  return 0.2126 * linear(color[0]) + 0.7152 * linear(color[1]) + 0.0722 * linear(color[2]);
}

double contrast(double a, double b) { return (std::max(a, b) + 0.05) / (std::min(a, b) + 0.05); }

// The colour, a share of the way to white or to black.
Rgb moved_towards(const Rgb& color, double share, double target) {
  Rgb result = color;
  for (std::uint8_t& channel : result) {
    channel = static_cast<std::uint8_t>(std::lround(channel + share * (target - channel)));
  }
  return result;
}

}  // namespace

bool is_dark(const Theme& theme) { return relative_luminance(rgb_of(theme.ground)) < 0.18; }

Rgb readable(const Rgb& color, const Theme& theme) {
  const double ground = relative_luminance(rgb_of(theme.ground));
  const double target = is_dark(theme) ? 255 : 0;
  const double least = is_dark(theme) ? kContrastOnDark : kContrastOnLight;
  constexpr double kStep = 0.05;
  Rgb result = color;
  for (double share = kStep;
       contrast(relative_luminance(result), ground) < least && share < 1; share += kStep) {
    result = moved_towards(color, share, target);
  }
  return result;
}

std::string readable(const std::string& color, const Theme& theme) {
  return hex(readable(rgb_of(color), theme));
}

}  // namespace gyroseg
