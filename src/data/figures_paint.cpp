#include "gyroseg/data/figures_paint.h"

#include <cmath>

namespace gyroseg {
namespace {

/// Width of the contact shadow in body heights.
constexpr float kShadow = 0.02F;

Tube placed(Tube tube, Vec2 pelvis, float height) {
  tube.from = {pelvis.x + height * tube.from.x, pelvis.y + height * tube.from.y};
  tube.to = {pelvis.x + height * tube.to.x, pelvis.y + height * tube.to.y};
  tube.from_width *= height;
  tube.to_width *= height;
  return tube;
}

/// Hair, eyes and mouth, by the direction of the surface in the frame of the head.
Colour head_colour(const Frame& head, const Wardrobe& wardrobe, Vec2 slope) {
  const float flat = std::min(slope.x * slope.x + slope.y * slope.y, 1.0F);
  const Vec3 normal{slope.x, slope.y, std::sqrt(1 - flat)};
  const float right = dot(normal, head.right);
  const float down = dot(normal, head.down);
  const float forward = dot(normal, head.forward);
  if (-0.75F * down - 0.66F * forward > wardrobe.hairline - 0.35F) return wardrobe.hair;
  if (forward > 0) {
    const float eye = std::abs(right) - 0.36F;
    const float brow = down + 0.08F;
    if (eye * eye + brow * brow < 0.012F) return {0.06F, 0.05F, 0.05F};
    const float lip = down - 0.48F;
    if (right * right * 0.15F + lip * lip < 0.007F) {
      return mix(wardrobe.skin.first, {0.5F, 0, 0}, 0.5F);
    }
  }
  return wardrobe.skin.first;
}

float length_of(const Tube& tube) {
  const float x = tube.to.x - tube.from.x;
  const float y = tube.to.y - tube.from.y;
  return std::sqrt(x * x + y * y);
}

/// Repeats the row filter (w, 1 - 2w, w) along both axes; w in [0, 0.25].
void blur(std::vector<Colour>& picture, int size, float weight) {
  const std::vector<Colour> before = picture;
  const auto pixel = [&](int row, int column) -> const Colour& {
    const int i = std::clamp(row, 0, size - 1);
    const int j = std::clamp(column, 0, size - 1);
    return before[static_cast<std::size_t>(i * size + j)];
  };
  const float taps[] = {weight, 1 - 2 * weight, weight};
  for (int row = 0; row < size; ++row) {
    for (int column = 0; column < size; ++column) {
      Colour sum;
      for (int i = 0; i < 3; ++i) {
        for (int j = 0; j < 3; ++j) {
          const float tap = taps[i] * taps[j];
          const Colour& c = pixel(row + i - 1, column + j - 1);
          sum = {sum.r + tap * c.r, sum.g + tap * c.g, sum.b + tap * c.b};
        }
      }
      picture[static_cast<std::size_t>(row * size + column)] = sum;
    }
  }
}

std::uint8_t to_byte(float value) {
  return static_cast<std::uint8_t>(std::clamp(value, 0.0F, 1.0F) * 255.0F + 0.5F);
}

}  // namespace

void paint_person(Canvas& canvas, const Scene& scene, const Skeleton& body,
                  const Wardrobe& wardrobe, const std::vector<Piece>& pieces, Vec2 pelvis,
                  float height) {
  const float shadow = kShadow * height;
  for (const Piece& piece : pieces) {
    const float length = length_of(piece.tube);
    const Tube tube = placed(piece.tube, pelvis, height);
    const TubeMap map(tube);
    canvas.paint(tube, shadow, [&](Vec2 point, Colour& colour, std::uint8_t& id) {
      const TubePoint at = map.locate(point);
      if (at.distance > 0) {
        if (at.distance < shadow) colour = contact_shadow(colour, at.distance, shadow);
        return;
      }
      const Material& cloth = at.along < piece.covered ? piece.cover : piece.bare;
      const Colour base = piece.part == FigurePart::kHead
                              ? head_colour(body.head, wardrobe, at.slope)
                              : cloth.at(at.along * length, at.across * piece.tube.from_width);
      colour = scene.light.shade(base, at.slope);
      id = static_cast<std::uint8_t>(piece.part);
    });
  }
}

Figure finish(const Canvas& canvas, const Light& light, FigureRandom random) {
  const int size = canvas.size();
  const float softness = random.uniform(0, 0.2F);
  const float noise = random.uniform(0.008F, 0.025F);
  const float gain = random.uniform(1.0F, 1.3F);
  std::vector<Colour> picture(static_cast<std::size_t>(size) * static_cast<std::size_t>(size));
  Figure figure{torch::empty({size, size, 3}, torch::kUInt8),
                torch::empty({size, size}, torch::kUInt8)};
  auto* id = figure.mask.data_ptr<std::uint8_t>();
  const float step = 1.0F / static_cast<float>(size);
  auto colour = picture.begin();
  for (int row = 0; row < size; ++row) {
    for (int column = 0; column < size; ++column) {
      const Vec2 point{(static_cast<float>(column) + 0.5F) * step,
                       (static_cast<float>(row) + 0.5F) * step};
      *colour++ = (gain * light.at(point)) * canvas.pixel_colour(row, column);
      *id++ = canvas.pixel_id(row, column);
    }
  }
  blur(picture, size, softness);
  auto* byte = figure.image.data_ptr<std::uint8_t>();
  for (const Colour& c : picture) {
    for (const float channel : {c.r, c.g, c.b}) {
      *byte++ = to_byte(channel + noise * random.normal());
    }
  }
  return figure;
}

}  // namespace gyroseg
