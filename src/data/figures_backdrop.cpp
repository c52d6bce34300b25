#include <cmath>

#include "gyroseg/data/figures_scene.h"

namespace gyroseg {
namespace {

/// One textured surface behind everything.
struct Backdrop {
  enum class Kind : std::uint8_t { kWall, kFoliage, kTiles, kStripes };

  Kind kind = Kind::kWall;
  Colour first;
  Colour second;
  Colour third;
  Vec2 axis{1, 0};     ///< unit vector: across stripes, along rows of tiles
  float scale = 10;    ///< texture elements over the width of the picture
  float aspect = 1;    ///< of the tiles
  float grain = 0.1F;  ///< amplitude of the fine noise

  [[nodiscard]] Colour at(Vec2 point, const ValueNoise& noise) const;
};

Colour Backdrop::at(Vec2 point, const ValueNoise& noise) const {
  const float u = scale * (point.x * axis.x + point.y * axis.y);
  const float v = scale * aspect * (point.y * axis.x - point.x * axis.y);
  Colour colour;
  switch (kind) {
    case Kind::kWall:
      colour = mix(first, second, noise.at(0.4F * u, 0.4F * v));
      break;
    case Kind::kFoliage: {
      const float leaves = 0.5F * noise.at(u, v) + 0.3F * noise.at(2.1F * u, 2.1F * v) +
                           0.2F * noise.at(4.3F * u, 4.3F * v);
      colour = leaves < 0.5F ? mix(first, second, smooth_step(0.25F, 0.5F, leaves))
                             : mix(second, third, smooth_step(0.5F, 0.75F, leaves));
      break;
    }
    case Kind::kTiles: {
      const float row = std::floor(v);
      const float shifted = u + (static_cast<int>(row) % 2 == 0 ? 0.0F : 0.5F);
      const float column = std::floor(shifted);
      const bool joint = shifted - column < 0.12F || v - row < 0.12F;
      // Whole coordinates read the lattice itself: one value a tile.
      colour = joint ? third : mix(first, second, noise.at(column, row));
      break;
    }
    case Kind::kStripes:
      colour = mix(first, second, smooth_step(0.4F, 0.6F, std::abs(u - std::floor(u) - 0.5F) * 2));
      break;
  }
  const float fine =
      noise.at(43 * point.x + 7, 43 * point.y) + noise.at(29 * point.x, 29 * point.y);
  return (1 + grain * (fine - 1)) * colour;
}

Backdrop draw_backdrop(const Scene& scene, FigureRandom& random) {
  Backdrop drop;
  drop.kind = static_cast<Backdrop::Kind>(random.below(4));
  drop.first = scene.draw_colour(random);
  drop.second = scene.draw_companion(drop.first, random);
  drop.third = scene.draw_colour(random);
  const float u = random.chance(0.5F) ? 0.0F : random.uniform(-0.9F, 0.9F);
  drop.axis = {std::sqrt(1 - u * u), u};
  if (random.chance(0.3F)) drop.axis = {-drop.axis.y, drop.axis.x};
  drop.scale = random.uniform(5, 16);
  drop.aspect = random.uniform(0.6F, 2);
  drop.grain = random.uniform(0.3F, 0.6F);
  return drop;
}

/// A thing of the clutter, in coordinates (u, v) about its centre.
struct Thing {
  enum class Kind : std::uint8_t { kBox, kTriangle, kDisc, kRing, kBar, kPole };

  Kind kind = Kind::kBox;
  Tube tube;           ///< its axis; disc, ring, box and triangle use `from` as the centre
  Material material;
  float stretch = 1;   ///< length over width of box and triangle
  bool round = false;  ///< shaded as a solid (discs, bars, poles), else flat

  /// Signed distance to the outline, negative inside; u and v receive the place on the surface.
  [[nodiscard]] float distance(const TubeMap& map, Vec2 point, float& u, float& v,
                               Vec2& slope) const;
};

float Thing::distance(const TubeMap& map, Vec2 point, float& u, float& v, Vec2& slope) const {
  if (kind == Kind::kBar || kind == Kind::kPole || kind == Kind::kDisc) {
    const TubePoint at = map.locate(point);
    u = at.along * 0.3F;
    v = at.across * tube.from_width;
    slope = at.slope;
    return at.distance;
  }
  const float x = point.x - tube.from.x;
  const float y = point.y - tube.from.y;
  u = x * tube.axis.x + y * tube.axis.y;
  v = y * tube.axis.x - x * tube.axis.y;
  const float half = tube.from_width;
  switch (kind) {
    case Kind::kRing:
      return std::abs(std::sqrt(u * u + v * v) - 0.75F * half) - 0.25F * half;
    case Kind::kTriangle:
      return std::max(-u - 0.5F * half, 0.55F * (u + stretch * std::abs(v)) - 0.5F * half);
    default:
      return std::max(std::abs(u) - half, std::abs(v) - half / stretch);
  }
}

Thing draw_thing(const Scene& scene, FigureRandom& random) {
  Thing thing;
  thing.kind = static_cast<Thing::Kind>(random.below(6));
  thing.material = scene.draw_material(random);
  if (random.chance(0.25F)) {
    const Colour skin = draw_skin(random);
    thing.material = {.first = skin, .second = skin};
  }
  const float u = random.uniform(-1, 1);
  const Vec2 axis{u, std::sqrt(1 - u * u)};
  thing.tube.axis = axis;
  thing.tube.from.x = random.uniform(-0.05F, 1.05F);
  thing.tube.from.y = random.uniform(-0.05F, 1.05F);
  thing.tube.to = thing.tube.from;
  thing.tube.from_width = random.uniform(0.03F, 0.13F);
  thing.stretch = random.uniform(1, 3);
  if (thing.kind == Thing::Kind::kBar || thing.kind == Thing::Kind::kPole) {
    const bool pole = thing.kind == Thing::Kind::kPole;
    const float length = pole ? 1.5F : random.uniform(0.1F, 0.35F);
    thing.tube.to = {thing.tube.from.x + length * axis.x, thing.tube.from.y + length * axis.y};
    thing.tube.from_width = random.uniform(0.015F, pole ? 0.03F : 0.05F);
  }
  thing.tube.to_width = thing.tube.from_width;
  thing.round = random.chance(0.15F);
  return thing;
}

void paint_thing(Canvas& canvas, const Scene& scene, const Thing& thing) {
  // Boxes and triangles reach past the circle of their half-width: by their corners.
  const bool corners = thing.kind == Thing::Kind::kBox || thing.kind == Thing::Kind::kTriangle;
  const float margin = corners ? 0.6F * thing.tube.from_width : 0;
  const TubeMap map(thing.tube);
  canvas.paint(thing.tube, margin, [&](Vec2 point, Colour& colour, std::uint8_t&) {
    float u = 0;
    float v = 0;
    Vec2 slope;
    if (thing.distance(map, point, u, v, slope) > 0) return;
    colour = thing.material.at(u, v);
    if (thing.round) colour = scene.light.shade(colour, slope);
  });
}

}  // namespace

void paint_background(Canvas& canvas, const Scene& scene, FigureRandom random) {
  const ValueNoise noise(random.fork("noise"));
  const Backdrop far = draw_backdrop(scene, random);
  const Backdrop near = draw_backdrop(scene, random);
  const float horizon = random.chance(0.6F) ? random.uniform(0.3F, 0.85F) : 2;
  canvas.fill_pixels(
      [&](Vec2 point) { return (point.y < horizon ? far : near).at(point, noise); });
  const int things = 4 + random.below(7);
  for (int i = 0; i < things; ++i) paint_thing(canvas, scene, draw_thing(scene, random));
}

}  // namespace gyroseg
