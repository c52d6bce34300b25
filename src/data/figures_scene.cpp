#include "gyroseg/data/figures_scene.h"

#include <cmath>

namespace gyroseg {
namespace {

bool odd(float x) { return (static_cast<int>(std::floor(x)) & 1) != 0; }

Colour draw_any_colour(FigureRandom& random) {
  const float r = random.uniform(0.15F, 0.95F);
  const float g = random.uniform(0.15F, 0.95F);
  const float b = random.uniform(0.15F, 0.95F);
  const float grey = (r + g + b) / 3;
  return mix({grey, grey, grey}, {r, g, b}, random.uniform(0.2F, 1.1F));
}

Light draw_light(FigureRandom& random) {
  Light light;
  const float x = random.uniform(-0.7F, 0.7F);
  const float y = random.uniform(-0.9F, -0.3F);
  const float z = random.uniform(0.6F, 0.9F);
  light.towards = (1 / std::sqrt(x * x + y * y + z * z)) * Vec3{x, y, z};
  light.ambient = random.uniform(0.5F, 0.65F);
  light.rim = random.uniform(0.4F, 0.6F);
  light.gradient.x = random.uniform(-0.25F, 0.25F);
  light.gradient.y = random.uniform(-0.25F, 0.25F);
  if (random.chance(0.5F)) {
    const float u = random.uniform(-1, 1);
    light.shadow_axis = {u, std::sqrt(1 - u * u)};
    light.shadow_at = random.uniform(-0.3F, 0.9F);
    light.shadow = random.uniform(0.1F, 0.3F);
  }
  return light;
}

}  // namespace

Colour Material::at(float u, float v) const {
  switch (pattern) {
    case Pattern::kPlain:
      return first;
    case Pattern::kStripesAlong:
      return odd(v / pitch) ? second : first;
    case Pattern::kStripesAcross:
      return odd(u / pitch) ? second : first;
    case Pattern::kChecks:
      return odd(u / pitch) != odd(v / pitch) ? second : first;
    case Pattern::kSpots: {
      const float x = u / pitch - std::floor(u / pitch) - 0.5F;
      const float y = v / pitch - std::floor(v / pitch) - 0.5F;
      return x * x + y * y < 0.09F ? second : first;
    }
  }
  return first;
}

Colour Light::shade(Colour base, Vec2 slope) const {
  const float flat = std::min(slope.x * slope.x + slope.y * slope.y, 1.0F);
  const Vec3 normal{slope.x, slope.y, std::sqrt(1 - flat)};
  const float lit = ambient + (1 - ambient) * 1.15F * std::max(0.0F, dot(normal, towards));
  return (lit * (1 - rim * smooth_step(0.45F, 1.0F, flat))) * base;
}

float Light::at(Vec2 point) const {
  const float slope = 1 + gradient.x * (point.x - 0.5F) + gradient.y * (point.y - 0.5F);
  const float across = point.x * shadow_axis.x + point.y * shadow_axis.y - shadow_at;
  return slope * (1 - shadow * smooth_step(-0.06F, 0.06F, across));
}

Colour Scene::draw_colour(FigureRandom& random) const {
  if (random.chance(0.6F)) return palette[static_cast<std::size_t>(random.below(7))];
  return draw_any_colour(random);
}

Colour Scene::draw_companion(Colour first, FigureRandom& random) const {
  const Colour other = draw_colour(random);
  return mix(first, other, random.uniform(0.3F, 0.9F));
}

Material Scene::draw_material(FigureRandom& random) const {
  Material material;
  material.first = draw_colour(random);
  material.second = draw_companion(material.first, random);
  if (random.chance(0.35F)) {
    material.pattern = static_cast<Material::Pattern>(1 + random.below(4));
  }
  material.pitch = random.uniform(0.025F, 0.07F);
  return material;
}

Scene draw_scene(FigureRandom random) {
  Scene scene;
  for (std::size_t i = 0; i < scene.palette.size(); ++i) {
    scene.palette[i] = i < 2 ? draw_skin(random) : draw_any_colour(random);
  }
  scene.light = draw_light(random);
  return scene;
}

Colour draw_skin(FigureRandom& random) {
  constexpr std::array<Colour, 4> kTones{
      {{0.97F, 0.83F, 0.73F}, {0.87F, 0.66F, 0.50F}, {0.62F, 0.41F, 0.28F}, {0.30F, 0.19F, 0.14F}}};
  const float place = random.uniform(0, 3);
  const auto stop = static_cast<std::size_t>(place);
  const Colour tone = mix(kTones[stop], kTones[stop + 1], place - std::floor(place));
  return random.uniform(0.9F, 1.1F) * tone;
}

Colour contact_shadow(Colour behind, float distance, float width) {
  const float near = 1 - distance / width;
  return (1 - 0.6F * near * near) * behind;
}

}  // namespace gyroseg
