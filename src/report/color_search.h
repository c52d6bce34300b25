#pragma once

#include <array>
#include <vector>

#include "color_space.h"

namespace gyroseg {

/// A colour in all its appearances: as it is (masks), as a mark on a light and on a dark ground
/// (theme.h), each with normal vision and without red or green cones.
struct SeenColor {
  Rgb rgb;
  std::array<OkLab, 9> seen;
};
[[nodiscard]] SeenColor seen_color(const Rgb& color);

/// OKLab hues in degrees; low may be below 0, high above 360.
struct HueRange {
  double low = 0;
  double high = 0;

  /// Part i of n equal ones.
  [[nodiscard]] HueRange part(std::size_t i, std::size_t n) const;
};

/// The colours of a grid over hue, lightness and chroma, as far as sRGB and the range of shades
/// (theme.h) hold them. least_chroma: paler ones look grey.
[[nodiscard]] std::vector<SeenColor> shades_of(HueRange hues, double least_chroma);

/// A colour that is still to be chosen.
struct ColorChoice {
  std::vector<SeenColor> candidates;  ///< at least one
  OkLab wanted;       ///< the nearest wins among those that are far enough from all others
  double enough = 0;  ///< OKLab distance
};

/// Chooses one candidate each, so that the least distance between any two colours, `fixed` ones
/// included, is large in every appearance: each in turn the one furthest from those that stand,
/// then again while one can do better (the max-min rule of Glasbey, van der Heijden, Toh, Gray,
/// "Colour displays for categorical images", 2007).
[[nodiscard]] std::vector<SeenColor> choose_apart(const std::vector<ColorChoice>& choices,
                                                  const std::vector<SeenColor>& fixed);

}  // namespace gyroseg
