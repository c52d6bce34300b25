#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <vector>

#include "gyroseg/data/figures.h"
#include "gyroseg/data/figures_random.h"

namespace gyroseg {

/// Samples of a pixel in each direction; odd, so that a pixel has a centre sample.
inline constexpr int kFigureSamples = 3;

/// A point of the image plane: x right, y down, the image is [0,1] x [0,1].
struct Vec2 {
  float x = 0;
  float y = 0;
};

/// Red, green, blue, nominally in [0, 1]; clamped only when the picture is finished.
struct Colour {
  float r = 0;
  float g = 0;
  float b = 0;
};

[[nodiscard]] inline Colour operator*(float s, Colour c) { return {s * c.r, s * c.g, s * c.b}; }
[[nodiscard]] inline Colour mix(Colour a, Colour b, float t) {
  return {a.r + t * (b.r - a.r), a.g + t * (b.g - a.g), a.b + t * (b.b - a.b)};
}

/// 0 at or below `low`, 1 at or above `high`, smooth between.
[[nodiscard]] inline float smooth_step(float low, float high, float x) {
  const float t = std::clamp((x - low) / (high - low), 0.0F, 1.0F);
  return t * t * (3 - 2 * t);
}

/// Smooth noise in [0, 1] over the plane, of period 64 in each direction.
class ValueNoise {
 public:
  explicit ValueNoise(FigureRandom random);
  [[nodiscard]] float at(float x, float y) const;

 private:
  static constexpr int kPeriod = 64;
  std::array<float, kPeriod * kPeriod> lattice_;
};

/// A tapered tube seen from the side: limbs, trunk and, with its ends together, head and balls.
struct Tube {
  Vec2 from;
  Vec2 to;
  float from_width = 0.1F;  ///< half-width at `from`
  float to_width = 0.1F;
  float cap = 1;            ///< length of the rounded ends over the half-width
  Vec2 axis{0, 1};          ///< unit direction used where the ends (nearly) coincide
};

/// Where a point lies on a tube.
struct TubePoint {
  float distance;  ///< to the outline, negative inside; exact on the axis and the outline
  float along;     ///< 0 at `from`, 1 at `to`, beyond in the caps; -1 .. 1 where the ends coincide
  float across;    ///< -1 .. 1 inside, signed
  Vec2 slope;      ///< x and y of the surface normal; length 0 on the axis, 1 on the outline
};

/// Finds points on a tube. What is the same for all points is worked out once: a picture asks for
/// hundreds of thousands.
class TubeMap {
 public:
  explicit TubeMap(const Tube& tube);

  [[nodiscard]] TubePoint locate(Vec2 point) const {
    const float x = point.x - from_.x;
    const float y = point.y - from_.y;
    const float along = x * axis_.x + y * axis_.y;
    const float across = y * axis_.x - x * axis_.y;
    const float inside = std::clamp(along, 0.0F, length_);
    const float width = from_width_ + inside * taper_;
    const float inverse = 1 / width;
    const float sideways = across * inverse;
    const float endways = (along - inside) * inverse * inverse_cap_;
    const float radius = std::sqrt(sideways * sideways + endways * endways);
    return {.distance = (radius - 1) * width,
            .along = length_ > 0 ? along * inverse_length_ : endways,
            .across = sideways,
            .slope = {endways * axis_.x - sideways * axis_.y,
                      endways * axis_.y + sideways * axis_.x}};
  }

 private:
  Vec2 from_;
  Vec2 axis_;
  float length_ = 0;  ///< 0 where the ends (nearly) coincide
  float inverse_length_ = 0;
  float from_width_;
  float taper_ = 0;  ///< change of half-width per length
  float inverse_cap_;
};

/// The picture under work: kFigureSamples^2 samples a pixel, each with a colour and an id.
class Canvas {
 public:
  explicit Canvas(int size);

  [[nodiscard]] int size() const { return size_; }

  /// Calls touch(point, colour, id) for every sample within `margin` of the tube.
  template <typename Touch>
  void paint(const Tube& tube, float margin, Touch touch);

  /// Sets all samples of each pixel to fill(centre of the pixel) and id background: textures need
  /// no samples, and are the dear part of a picture.
  template <typename Fill>
  void fill_pixels(Fill fill);

  /// The mean colour of a pixel, and the majority of its ids (a tie goes to the centre sample).
  [[nodiscard]] Colour pixel_colour(int row, int column) const;
  [[nodiscard]] std::uint8_t pixel_id(int row, int column) const;

 private:
  /// The sample that holds a coordinate, cut to 0 .. side_.
  [[nodiscard]] int sample_at(float x) const {
    return static_cast<int>(std::clamp(x, 0.0F, 1.0F) * static_cast<float>(side_));
  }

  template <typename Touch>
  void paint_row(int row, float left, float right, Touch touch);

  int size_;
  int side_;  ///< samples in each direction
  std::vector<Colour> colours_;
  std::vector<std::uint8_t> ids_;
};

template <typename Touch>
void Canvas::paint_row(int row, float left, float right, Touch touch) {
  const float step = 1.0F / static_cast<float>(side_);
  const float y = (static_cast<float>(row) + 0.5F) * step;
  const int end = std::min(sample_at(right) + 1, side_);
  for (int column = sample_at(left); column < end; ++column) {
    const auto i = static_cast<std::size_t>(row) * static_cast<std::size_t>(side_) +
                   static_cast<std::size_t>(column);
    touch(Vec2{(static_cast<float>(column) + 0.5F) * step, y}, colours_[i], ids_[i]);
  }
}

template <typename Touch>
void Canvas::paint(const Tube& tube, float margin, Touch touch) {
  const float reach =
      std::max(tube.from_width, tube.to_width) * std::max(1.0F, tube.cap) + margin;
  const float left = std::min(tube.from.x, tube.to.x) - reach;
  const float right = std::max(tube.from.x, tube.to.x) + reach;
  const int last = sample_at(std::max(tube.from.y, tube.to.y) + reach);
  const float x_span = tube.to.x - tube.from.x;
  const float y_span = tube.to.y - tube.from.y;
  // A steep tube is narrower than its box in every row: by similar triangles, its strip of
  // half-width `reach` spans reach * length / |y_span|, and length <= |x_span| + |y_span|.
  const bool steep = std::abs(y_span) > reach;
  const float spread = steep ? reach * (1 + std::abs(x_span / y_span)) : 0;
  const int first = sample_at(std::min(tube.from.y, tube.to.y) - reach);
  for (int row = first; row < std::min(last + 1, side_); ++row) {
    const float y = (static_cast<float>(row) + 0.5F) / static_cast<float>(side_);
    const float x = steep ? tube.from.x + (y - tube.from.y) * (x_span / y_span) : 0;
    paint_row(row, steep ? std::max(left, x - spread) : left,
              steep ? std::min(right, x + spread) : right, touch);
  }
}

template <typename Fill>
void Canvas::fill_pixels(Fill fill) {
  const float step = 1.0F / static_cast<float>(size_);
  for (int row = 0; row < size_; ++row) {
    for (int column = 0; column < size_; ++column) {
      const Colour colour = fill(Vec2{(static_cast<float>(column) + 0.5F) * step,
                                      (static_cast<float>(row) + 0.5F) * step});
      for (int i = 0; i < kFigureSamples; ++i) {
        const auto first = static_cast<std::ptrdiff_t>(row * kFigureSamples + i) * side_ +
                           static_cast<std::ptrdiff_t>(column) * kFigureSamples;
        std::fill_n(colours_.begin() + first, kFigureSamples, colour);
      }
    }
  }
}

}  // namespace gyroseg
