#include "gyroseg/data/augment.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "gyroseg/data/resize.h"
#include "gyroseg/hierarchy/hierarchy.h"

namespace gyroseg {
namespace {

constexpr std::array<float, 3> kGrey = {0.299F, 0.587F, 0.114F};  // Rec. 601 luma

/// Row (or column) of the scaled image that the first row of the crop shows; negative where the
/// image is padded.
std::int64_t offset(double fraction, std::int64_t scaled, std::int64_t size) {
  const std::int64_t places = std::abs(scaled - size) + 1;
  const auto place =
      std::min(static_cast<std::int64_t>(fraction * static_cast<double>(places)), places - 1);
  return scaled >= size ? place : -place;
}

ResizedSample scaled(const ResizedSample& sample, double scale) {
  const auto size_of = [scale](std::int64_t size) {
    return std::max(1, static_cast<int>(std::lround(static_cast<double>(size) * scale)));
  };
  const std::array<int, 2> size = {size_of(sample.labels.size(0)), size_of(sample.labels.size(1))};
  if (size[0] == sample.labels.size(0) && size[1] == sample.labels.size(1)) {
    return sample;
  }
  return {resize_image(sample.image, size), resize_labels(sample.labels, size)};
}

double mean_grey(const torch::Tensor& rgb) {
  std::array<std::int64_t, 3> sums = {0, 0, 0};
  const auto* pixels = rgb.data_ptr<std::uint8_t>();
  for (std::int64_t i = 0; i < rgb.numel(); i += 3) {
    for (int c = 0; c < 3; ++c) {
      sums[c] += pixels[i + c];
    }
  }
  double grey = 0.0;
  for (int c = 0; c < 3; ++c) {
    grey += kGrey[c] * static_cast<double>(sums[c]);
  }
  return grey / (static_cast<double>(rgb.numel()) / 3.0);
}

/// Colour change and normalisation of one pixel. Brightness b, contrast k about m and saturation s
/// are linear: v -> s k b v + (1 - s) k b grey(v) + (1 - k) b m.
struct Toning {
  float own = 1.0F;
  float grey = 0.0F;
  float shift = 0.0F;
  std::array<float, 3> mean = {};
  std::array<float, 3> deviation = {};

  void apply(const std::uint8_t* rgb, float* target, std::int64_t channel_stride) const {
    const float luma = kGrey[0] * rgb[0] + kGrey[1] * rgb[1] + kGrey[2] * rgb[2];
    const float common = grey * luma + shift;
    for (int c = 0; c < 3; ++c) {
      const float value = std::clamp(own * rgb[c] + common, 0.0F, 255.0F);
      target[c * channel_stride] = (value / 255.0F - mean[c]) / deviation[c];
    }
  }
};

Toning toning_of(const ResizedSample& sample, const Augmentation& a,
                 const std::array<double, 3>& mean, const std::array<double, 3>& deviation) {
  Toning tone;
  tone.own = static_cast<float>(a.saturation * a.contrast * a.brightness);
  tone.grey = static_cast<float>((1.0 - a.saturation) * a.contrast * a.brightness);
  if (a.contrast != 1.0) {
    tone.shift = static_cast<float>((1.0 - a.contrast) * a.brightness * mean_grey(sample.image));
  }
  for (int c = 0; c < 3; ++c) {
    tone.mean[c] = static_cast<float>(mean[c]);
    tone.deviation[c] = static_cast<float>(deviation[c]);
  }
  return tone;
}

void check_shapes(const ResizedSample& sample, const torch::Tensor& image,
                  const torch::Tensor& labels) {
  const std::int64_t height = sample.labels.size(0);
  const std::int64_t width = sample.labels.size(1);
  TORCH_CHECK_VALUE(sample.image.sizes() == torch::IntArrayRef({height, width, 3}) &&
                        sample.image.scalar_type() == torch::kUInt8 && sample.image.is_contiguous(),
                    "render: sample.image must be contiguous [", height, ",", width,
                    ",3] uint8, got ", sample.image.sizes(), " ", sample.image.dtype());
  TORCH_CHECK_VALUE(image.sizes() == torch::IntArrayRef({3, height, width}) &&
                        image.scalar_type() == torch::kFloat32,
                    "render: image must be [3,", height, ",", width, "] float32, got ",
                    image.sizes(), " ", image.dtype());
  TORCH_CHECK_VALUE(labels.sizes() == sample.labels.sizes() && labels.is_contiguous() &&
                        labels.scalar_type() == torch::kInt64,
                    "render: labels must be contiguous ", sample.labels.sizes(), " int64, got ",
                    labels.sizes(), " ", labels.dtype());
}

}  // namespace

Augmentation draw_augmentation(const AugmentConfig& config, Random random) {
  Augmentation a;
  a.scale = random.uniform(config.scale[0], config.scale[1]);
  a.top = random.uniform();
  a.left = random.uniform();
  a.flip = random.uniform() < config.flip;
  a.brightness = random.uniform(1.0 - config.brightness, 1.0 + config.brightness);
  a.contrast = random.uniform(1.0 - config.contrast, 1.0 + config.contrast);
  a.saturation = random.uniform(1.0 - config.saturation, 1.0 + config.saturation);
  return a;
}

void render(const ResizedSample& sample, const Augmentation& augmentation,
            const std::array<double, 3>& mean, const std::array<double, 3>& deviation,
            const torch::Tensor& image, const torch::Tensor& labels) {
  check_shapes(sample, image, labels);
  const std::int64_t height = labels.size(0);
  const std::int64_t width = labels.size(1);
  const ResizedSample source = scaled(sample, augmentation.scale);
  const std::int64_t rows = source.labels.size(0);
  const std::int64_t columns = source.labels.size(1);
  const std::int64_t top = offset(augmentation.top, rows, height);
  const std::int64_t left = offset(augmentation.left, columns, width);
  const Toning tone = toning_of(sample, augmentation, mean, deviation);
  const auto* from_pixels = source.image.data_ptr<std::uint8_t>();
  const auto* from_labels = source.labels.data_ptr<std::int64_t>();
  auto* to_pixels = image.data_ptr<float>();
  auto* to_labels = labels.data_ptr<std::int64_t>();
  const std::int64_t stride = image.stride(0);
  for (std::int64_t y = 0; y < height; ++y) {
    const std::int64_t row = y + top;
    for (std::int64_t x = 0; x < width; ++x) {
      const std::int64_t column = (augmentation.flip ? width - 1 - x : x) + left;
      float* pixel = to_pixels + y * image.stride(1) + x * image.stride(2);
      if (row < 0 || row >= rows || column < 0 || column >= columns) {
        to_labels[y * width + x] = kIgnored;
        pixel[0] = pixel[stride] = pixel[2 * stride] = 0.0F;
        continue;
      }
      const std::int64_t at = row * columns + column;
      to_labels[y * width + x] = from_labels[at];
      tone.apply(from_pixels + 3 * at, pixel, stride);
    }
  }
}

}  // namespace gyroseg
