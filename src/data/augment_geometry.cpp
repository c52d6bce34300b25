#include "augment_geometry.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace gyroseg {
namespace {

using Color = std::array<std::uint8_t, 3>;

/// First row of a window of `part` of `whole` rows.
std::int64_t start_of(double fraction, std::int64_t part, std::int64_t whole) {
  const std::int64_t places = whole - part + 1;
  return std::min(static_cast<std::int64_t>(fraction * static_cast<double>(places)), places - 1);
}

/// The [H,W,3] image read between its pixel centres; past the outer ones it goes on as it is there.
class Bilinear {
 public:
  Bilinear(const std::uint8_t* rgb, std::int64_t height, std::int64_t width)
      : rgb_(rgb), height_(height), width_(width) {}

  /// x, y in pixels from the corner: the centre of pixel 0 is 1/2.
  [[nodiscard]] Color at(double x, double y) const {
    const double u = std::clamp(x - 0.5, 0.0, static_cast<double>(width_ - 1));
    const double v = std::clamp(y - 0.5, 0.0, static_cast<double>(height_ - 1));
    const auto left = static_cast<std::int64_t>(u);
    const auto top = static_cast<std::int64_t>(v);
    const double right_share = u - static_cast<double>(left);
    const double bottom_share = v - static_cast<double>(top);
    const std::int64_t right = left + 1 < width_ ? 3 : 0;
    const std::int64_t below = top + 1 < height_ ? 3 * width_ : 0;
    const std::uint8_t* pixel = rgb_ + 3 * (top * width_ + left);
    Color color{};
    for (int c = 0; c < 3; ++c, ++pixel) {
      const double upper = pixel[0] + right_share * (pixel[right] - pixel[0]);
      const double lower = pixel[below] + right_share * (pixel[below + right] - pixel[below]);
      color[c] = static_cast<std::uint8_t>(upper + bottom_share * (lower - upper) + 0.5);
    }
    return color;
  }

 private:
  const std::uint8_t* rgb_;
  std::int64_t height_;
  std::int64_t width_;
};

}  // namespace

ResizedSample cropped(const ResizedSample& sample, const Augmentation& augmentation,
                      Resample resample) {
  const std::int64_t height = sample.labels.size(0);
  const std::int64_t width = sample.labels.size(1);
  const auto part_of = [&augmentation](std::int64_t size) {
    return std::clamp<std::int64_t>(std::llround(augmentation.crop * static_cast<double>(size)), 1,
                                    size);
  };
  const std::int64_t rows = part_of(height);
  const std::int64_t columns = part_of(width);
  if (rows == height && columns == width) {
    return sample;
  }
  const std::int64_t top = start_of(augmentation.crop_top, rows, height);
  const std::int64_t left = start_of(augmentation.crop_left, columns, width);
  ResizedSample window = {torch::empty({rows, columns, 3}, torch::kUInt8),
                          torch::empty({rows, columns}, torch::kInt64)};
  for (std::int64_t y = 0; y < rows; ++y) {
    const std::int64_t from = (top + y) * width + left;
    std::copy_n(sample.image.data_ptr<std::uint8_t>() + 3 * from, 3 * columns,
                window.image.data_ptr<std::uint8_t>() + 3 * y * columns);
    std::copy_n(sample.labels.data_ptr<std::int64_t>() + from, columns,
                window.labels.data_ptr<std::int64_t>() + y * columns);
  }
  const std::array<int, 2> size = {static_cast<int>(height), static_cast<int>(width)};
  return {resize_image(window.image, size, resample), resize_labels(window.labels, size)};
}

ResizedSample rotated(const ResizedSample& sample, double degrees, const Color& fill) {
  const std::int64_t height = sample.labels.size(0);
  const std::int64_t width = sample.labels.size(1);
  const auto rows = static_cast<double>(height);
  const auto columns = static_cast<double>(width);
  const double cosine = std::cos(degrees * std::numbers::pi / 180);
  const double sine = std::sin(degrees * std::numbers::pi / 180);
  const Bilinear image(sample.image.data_ptr<std::uint8_t>(), height, width);
  const auto* labels = sample.labels.data_ptr<std::int64_t>();
  ResizedSample result = {torch::empty({height, width, 3}, torch::kUInt8),
                          torch::empty({height, width}, torch::kInt64)};
  auto* to_rgb = result.image.data_ptr<std::uint8_t>();
  auto* to_label = result.labels.data_ptr<std::int64_t>();
  for (std::int64_t i = 0; i < height; ++i) {
    const double dy = static_cast<double>(i) + 0.5 - rows / 2;
    for (std::int64_t j = 0; j < width; ++j) {
      const double dx = static_cast<double>(j) + 0.5 - columns / 2;
      const double x = columns / 2 + cosine * dx - sine * dy;
      const double y = rows / 2 + sine * dx + cosine * dy;
      const bool inside = x >= 0 && x < columns && y >= 0 && y < rows;
      const Color color = inside ? image.at(x, y) : fill;
      to_rgb = std::copy(color.begin(), color.end(), to_rgb);
      *to_label++ = inside ? labels[static_cast<std::int64_t>(y) * width +
                                    static_cast<std::int64_t>(x)]
                           : kOutside;
    }
  }
  return result;
}

}  // namespace gyroseg
