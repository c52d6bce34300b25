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

/// The colour, lightened on a dark ground or darkened on a light one as far as it needs to be seen: to a
/// contrast of 2.5 or 1.5 (WCAG's ratio of relative luminances). Hue stays.
[[nodiscard]] Rgb readable(const Rgb& color, const Theme& theme);
/// The same of "#rrggbb".
[[nodiscard]] std::string readable(const std::string& color, const Theme& theme);

}  // namespace gyroseg
