#pragma once

#include <array>

#include "gyroseg/data/mask_io.h"

namespace gyroseg {

/// Red, green, blue in linear light, 0 to 1 inside sRGB.
using LinearRgb = std::array<double, 3>;

/// Lightness L in [0,1], a (green to red), b (blue to yellow). Euclidean distance is perceived
/// difference; what can just be told apart side by side is 0.02 (CSS Color 4).
/// Source: B. Ottosson, "A perceptual color space for image processing", 2020.
using OkLab = std::array<double, 3>;

/// Three cones, without the red one, without the green one.
enum class Vision { normal, protanopia, deuteranopia };

[[nodiscard]] LinearRgb linear_of(const Rgb& color);
/// Clipped to sRGB and rounded.
[[nodiscard]] Rgb encoded(const LinearRgb& color);

/// Relative luminance Y in [0,1] (WCAG 2).
[[nodiscard]] double luminance_of(const LinearRgb& color);
/// The colour at luminance Y: scaled, which keeps its OKLab hue, then mixed with grey of Y where a
/// channel would leave sRGB. Black turns grey.
[[nodiscard]] LinearRgb relit(const LinearRgb& color, double luminance);

[[nodiscard]] OkLab oklab_of(const LinearRgb& color);
/// May lie outside sRGB.
[[nodiscard]] LinearRgb linear_of_oklab(const OkLab& color);
/// Degrees in [0, 360).
[[nodiscard]] double hue_of(const OkLab& color);
/// hue in degrees.
[[nodiscard]] OkLab lch(double lightness, double chroma, double hue);

/// What the colour looks like without a kind of cones. Source: G. Machado, M. Oliveira, L.
/// Fernandes, "A physiologically-based model for simulation of color vision deficiency", TVCG 2009,
/// severity 1.
[[nodiscard]] LinearRgb seen_with(Vision vision, const LinearRgb& color);

}  // namespace gyroseg
