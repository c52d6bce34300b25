#pragma once

#include <string>

#include "gyroseg/data/mask_io.h"

namespace gyroseg {

/// Colours of a drawing but for its data: its own ground, and what is written and ruled on it.
struct Theme {
  std::string ground = "#ffffff";
  std::string text = "#222222";
  std::string muted = "#555555";  ///< captions
  std::string frame = "#777777";
  std::string grid = "#e4e4e4";
};

/// For pages that are dark.
[[nodiscard]] inline Theme dark_theme() {
  return {"#15181d", "#eceff2", "#b3bac2", "#8a929b", "#343a42"};
}

/// Whether the ground is dark.
[[nodiscard]] bool is_dark(const Theme& theme);

/// Shades, cube roots of relative luminance, of the darkest and the lightest class colour
/// (report/palette.h).
inline constexpr double kDarkestShade = 0.40;
inline constexpr double kLightestShade = 0.87;

/// The colour as a mark or line: darker on a light ground, lighter on a dark one, to a contrast of
/// at least 3 (WCAG's ratio of relative luminances). All colours move in proportion, so that two
/// shades of a hue stay apart: the shades from 0 to the lightest are mapped onto those that show on
/// light, the shades from the darkest to 1 onto those that show on dark. Hue stays.
[[nodiscard]] Rgb readable(const Rgb& color, const Theme& theme);
/// The same of "#rrggbb".
[[nodiscard]] std::string readable(const std::string& color, const Theme& theme);

}  // namespace gyroseg
