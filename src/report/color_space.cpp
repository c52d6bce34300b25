#include "color_space.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace gyroseg {
namespace {

using ColorMatrix = std::array<std::array<double, 3>, 3>;

constexpr ColorMatrix kConesOfRgb = {{{0.4122214708, 0.5363325363, 0.0514459929},
                                      {0.2119034982, 0.6806995451, 0.1073969566},
                                      {0.0883024619, 0.2817188376, 0.6299787005}}};
constexpr ColorMatrix kLabOfCones = {{{0.2104542553, 0.7936177850, -0.0040720468},
                                      {1.9779984951, -2.4285922050, 0.4505937099},
                                      {0.0259040371, 0.7827717662, -0.8086757660}}};
constexpr ColorMatrix kConesOfLab = {{{1, 0.3963377774, 0.2158037573},
                                      {1, -0.1055613458, -0.0638541728},
                                      {1, -0.0894841775, -1.2914855480}}};
constexpr ColorMatrix kRgbOfCones = {{{4.0767416621, -3.3077115913, 0.2309699292},
                                      {-1.2684380046, 2.6097574011, -0.3413193965},
                                      {-0.0041960863, -0.7034186147, 1.7076147010}}};

constexpr ColorMatrix kProtanopia = {{{0.152286, 1.052583, -0.204868},
                                      {0.114503, 0.786281, 0.099216},
                                      {-0.003882, -0.048116, 1.051998}}};
constexpr ColorMatrix kDeuteranopia = {{{0.367322, 0.860646, -0.227968},
                                        {0.280085, 0.672501, 0.047413},
                                        {-0.011820, 0.042940, 0.968881}}};

std::array<double, 3> times(const ColorMatrix& m, const std::array<double, 3>& v) {
  std::array<double, 3> result = {};
  for (int i = 0; i < 3; ++i) {
    result[i] = m[i][0] * v[0] + m[i][1] * v[1] + m[i][2] * v[2];
  }
  return result;
}

// sRGB's transfer function (IEC 61966-2-1) of the 256 values.
const std::array<double, 256>& linear_values() {
  static const std::array<double, 256> values = [] {
    std::array<double, 256> result = {};
    for (int i = 0; i < 256; ++i) {
      const double s = i / 255.0;
      result[i] = s <= 0.04045 ? s / 12.92 : std::pow((s + 0.055) / 1.055, 2.4);
    }
    return result;
  }();
  return values;
}

}  // namespace

LinearRgb linear_of(const Rgb& color) {
  const std::array<double, 256>& values = linear_values();
  return {values[color[0]], values[color[1]], values[color[2]]};
}

Rgb encoded(const LinearRgb& color) {
  Rgb result;
  for (int i = 0; i < 3; ++i) {
    const double c = std::clamp(color[i], 0.0, 1.0);
    const double s = c <= 0.0031308 ? 12.92 * c : 1.055 * std::pow(c, 1 / 2.4) - 0.055;
    result[i] = static_cast<std::uint8_t>(std::lround(255 * s));
  }
  return result;
}

double luminance_of(const LinearRgb& color) {
  return 0.2126 * color[0] + 0.7152 * color[1] + 0.0722 * color[2];
}

LinearRgb relit(const LinearRgb& color, double luminance) {
  const double own = luminance_of(color);
  if (own <= 0) {
    return {luminance, luminance, luminance};
  }
  LinearRgb result = color;
  for (double& channel : result) {
    channel *= luminance / own;
  }
  const double largest = std::max({result[0], result[1], result[2]});
  if (largest > 1) {
    for (double& channel : result) {
      channel = luminance + (channel - luminance) * (1 - luminance) / (largest - luminance);
    }
  }
  return result;
}

OkLab oklab_of(const LinearRgb& color) {
  std::array<double, 3> cones = times(kConesOfRgb, color);
  for (double& cone : cones) {
    cone = std::cbrt(cone);
  }
  return times(kLabOfCones, cones);
}

LinearRgb linear_of_oklab(const OkLab& color) {
  std::array<double, 3> cones = times(kConesOfLab, color);
  for (double& cone : cones) {
    cone = cone * cone * cone;
  }
  return times(kRgbOfCones, cones);
}

double hue_of(const OkLab& color) {
  const double degrees = std::atan2(color[2], color[1]) * 180 / std::numbers::pi;
  return degrees < 0 ? degrees + 360 : degrees;
}

OkLab lch(double lightness, double chroma, double hue) {
  const double angle = hue * std::numbers::pi / 180;
  return {lightness, chroma * std::cos(angle), chroma * std::sin(angle)};
}

LinearRgb seen_with(Vision vision, const LinearRgb& color) {
  if (vision == Vision::normal) {
    return color;
  }
  LinearRgb seen = times(vision == Vision::protanopia ? kProtanopia : kDeuteranopia, color);
  for (double& channel : seen) {
    channel = std::clamp(channel, 0.0, 1.0);
  }
  return seen;
}

}  // namespace gyroseg
