#include "gyroseg/data/figures_canvas.h"

#include <cmath>

namespace gyroseg {

ValueNoise::ValueNoise(FigureRandom random) {
  for (float& value : lattice_) value = random.uniform();
}

float ValueNoise::at(float x, float y) const {
  const float left = std::floor(x);
  const float top = std::floor(y);
  const float u = smooth_step(0, 1, x - left);
  const float v = smooth_step(0, 1, y - top);
  const int column = static_cast<int>(left) & (kPeriod - 1);
  const int row = static_cast<int>(top) & (kPeriod - 1);
  const int next_column = (column + 1) & (kPeriod - 1);
  const float* upper = &lattice_[static_cast<std::size_t>(row * kPeriod)];
  const float* lower = &lattice_[static_cast<std::size_t>(((row + 1) & (kPeriod - 1)) * kPeriod)];
  const float above = upper[column] + u * (upper[next_column] - upper[column]);
  const float below = lower[column] + u * (lower[next_column] - lower[column]);
  return above + v * (below - above);
}

TubeMap::TubeMap(const Tube& tube)
    : from_(tube.from), axis_(tube.axis), from_width_(tube.from_width), inverse_cap_(1 / tube.cap) {
  const float x = tube.to.x - tube.from.x;
  const float y = tube.to.y - tube.from.y;
  const float length = std::sqrt(x * x + y * y);
  // Below a hundredth of the width the direction of the span is noise.
  if (length <= 0.01F * tube.from_width) return;
  length_ = length;
  inverse_length_ = 1 / length;
  axis_ = {x * inverse_length_, y * inverse_length_};
  taper_ = (tube.to_width - tube.from_width) * inverse_length_;
}

Canvas::Canvas(int size)
    : size_(size),
      side_(size * kFigureSamples),
      colours_(static_cast<std::size_t>(side_) * static_cast<std::size_t>(side_)),
      ids_(colours_.size(), 0) {}

Colour Canvas::pixel_colour(int row, int column) const {
  Colour sum;
  for (int i = 0; i < kFigureSamples; ++i) {
    for (int j = 0; j < kFigureSamples; ++j) {
      const auto at = static_cast<std::size_t>(row * kFigureSamples + i) *
                          static_cast<std::size_t>(side_) +
                      static_cast<std::size_t>(column * kFigureSamples + j);
      sum.r += colours_[at].r;
      sum.g += colours_[at].g;
      sum.b += colours_[at].b;
    }
  }
  return (1.0F / (kFigureSamples * kFigureSamples)) * sum;
}

std::uint8_t Canvas::pixel_id(int row, int column) const {
  std::array<int, kFigureParts> votes{};
  const auto sample = [&](int i, int j) {
    return ids_[static_cast<std::size_t>(row * kFigureSamples + i) *
                    static_cast<std::size_t>(side_) +
                static_cast<std::size_t>(column * kFigureSamples + j)];
  };
  for (int i = 0; i < kFigureSamples; ++i) {
    for (int j = 0; j < kFigureSamples; ++j) ++votes[sample(i, j)];
  }
  const std::uint8_t centre = sample(kFigureSamples / 2, kFigureSamples / 2);
  const auto most = std::max_element(votes.begin(), votes.end());
  return *most > votes[centre] ? static_cast<std::uint8_t>(most - votes.begin()) : centre;
}

}  // namespace gyroseg
