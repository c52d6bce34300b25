#pragma once

#include <array>

#include "gyroseg/data/figures_canvas.h"
#include "gyroseg/data/figures_pose.h"
#include "gyroseg/data/figures_random.h"

namespace gyroseg {

/// Cloth, paint or skin: one or two colours in a pattern.
struct Material {
  enum class Pattern : std::uint8_t { kPlain, kStripesAlong, kStripesAcross, kChecks, kSpots };

  Colour first;
  Colour second;
  Pattern pattern = Pattern::kPlain;
  float pitch = 0.1F;  ///< of the pattern, in the units of u and v

  /// u along and v across the thing painted.
  [[nodiscard]] Colour at(float u, float v) const;
};

/// The light of a picture. It falls on people and things alike.
struct Light {
  Vec3 towards{0, -0.6F, 0.8F};  ///< unit vector to the light
  float ambient = 0.5F;
  float rim = 0.3F;              ///< how much the outline of round things darkens
  Vec2 gradient;                 ///< change of brightness over the picture
  Vec2 shadow_axis{1, 0};        ///< unit vector across the edge of a large soft shadow
  float shadow_at = 2;           ///< where along the axis its edge lies; 2 is outside the picture
  float shadow = 0;              ///< share of the light that it takes

  /// A round thing of this colour, where its normal has these x and y.
  [[nodiscard]] Colour shade(Colour base, Vec2 slope) const;

  /// Brightness factor of the picture at a point.
  [[nodiscard]] float at(Vec2 point) const;
};

/// What all of a picture shares. People, clutter and background take their colours from one
/// palette, which holds skin tones too: colour does not tell them apart.
struct Scene {
  std::array<Colour, 7> palette;
  Light light;

  [[nodiscard]] Colour draw_colour(FigureRandom& random) const;
  /// A second colour for a pattern: somewhere between the first and another one.
  [[nodiscard]] Colour draw_companion(Colour first, FigureRandom& random) const;
  [[nodiscard]] Material draw_material(FigureRandom& random) const;
};

[[nodiscard]] Scene draw_scene(FigureRandom random);

/// A tone of human skin, from light to dark.
[[nodiscard]] Colour draw_skin(FigureRandom& random);

/// Darkens a sample beside a thing that lies in front of it; distance > 0 to the outline of that
/// thing.
[[nodiscard]] Colour contact_shadow(Colour behind, float distance, float width);

/// The backdrop (walls, tiles, stripes, foliage; one, or two with a horizon), then clutter:
/// rectangles, triangles, discs, rings, poles and limb-like bars. All of it has id background.
void paint_background(Canvas& canvas, const Scene& scene, FigureRandom random);

}  // namespace gyroseg
