#include "gyroseg/data/augment.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "augment_colour.h"
#include "augment_geometry.h"
#include "gyroseg/hierarchy/hierarchy.h"

namespace gyroseg {
namespace {

constexpr std::array<float, 3> kGrey = {0.299F, 0.587F, 0.114F};  // Rec. 601 luma

/// PixelRow (or column) of the scaled image that the first row of the crop shows; negative where the
/// image is padded.
std::int64_t offset(double fraction, std::int64_t scaled, std::int64_t size) {
  const std::int64_t places = std::abs(scaled - size) + 1;
  const auto place =
      std::min(static_cast<std::int64_t>(fraction * static_cast<double>(places)), places - 1);
  return scaled >= size ? place : -place;
}

ResizedSample scaled(const ResizedSample& sample, double scale, Resample resample) {
  const auto size_of = [scale](std::int64_t size) {
    return std::max(1, static_cast<int>(std::lround(static_cast<double>(size) * scale)));
  };
  const std::array<int, 2> size = {size_of(sample.labels.size(0)), size_of(sample.labels.size(1))};
  if (size[0] == sample.labels.size(0) && size[1] == sample.labels.size(1)) {
    return sample;
  }
  return {resize_image(sample.image, size, resample), resize_labels(sample.labels, size)};
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

/// Colour change and normalisation. Brightness b, contrast k about m and saturation s are linear:
/// v -> s k b v + (1 - s) k b grey(v) + (1 - k) b m; then (v / 255 - mean) / deviation = gain v -
/// offset.
struct Toning {
  float own = 1.0F;
  float grey = 0.0F;
  float shift = 0.0F;
  std::array<float, 3> gain = {};
  std::array<float, 3> offset = {};
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
    tone.gain[c] = static_cast<float>(1.0 / (255.0 * deviation[c]));
    tone.offset[c] = static_cast<float>(mean[c] / deviation[c]);
  }
  return tone;
}

/// Where a row of the result lies in memory, and the part [first, last) of it that shows the
/// source.
struct PixelRow {
  float* pixels;
  std::int64_t channel_stride;
  std::int64_t pixel_stride;
  std::int64_t first;
  std::int64_t last;
};

/// Tones count = last - first pixels; step is 3, or -3 to go through the source backwards.
void tone_row(const Toning& tone, const std::uint8_t* rgb, std::int64_t step, const PixelRow& row) {
  const std::int64_t count = row.last - row.first;
  std::vector<float> common(count, tone.shift);
  if (tone.grey != 0.0F) {
    for (std::int64_t i = 0; i < count; ++i) {
      const std::uint8_t* p = rgb + i * step;
      common[i] += tone.grey * (kGrey[0] * p[0] + kGrey[1] * p[1] + kGrey[2] * p[2]);
    }
  }
  for (int c = 0; c < 3; ++c) {
    float* target = row.pixels + c * row.channel_stride + row.first * row.pixel_stride;
    for (std::int64_t i = 0; i < count; ++i) {
      const float value = std::clamp(tone.own * rgb[i * step + c] + common[i], 0.0F, 255.0F);
      target[i * row.pixel_stride] = tone.gain[c] * value - tone.offset[c];
    }
  }
}

/// Outside the source: the mean colour, 0 after normalising, and no class.
void pad(const PixelRow& row, std::int64_t* labels, std::int64_t first, std::int64_t last) {
  for (int c = 0; c < 3; ++c) {
    for (std::int64_t x = first; x < last; ++x) {
      row.pixels[c * row.channel_stride + x * row.pixel_stride] = 0.0F;
    }
  }
  std::fill(labels + first, labels + last, kIgnored);
}

/// The same for the pixels that a rotation brought in from outside.
void pad_outside(const PixelRow& row, std::int64_t* labels) {
  for (std::int64_t x = row.first; x < row.last; ++x) {
    if (labels[x] == kOutside) {
      pad(row, labels, x, x + 1);
    }
  }
}

/// The mean colour in bytes: what is interpolated next to the outside.
std::array<std::uint8_t, 3> bytes_of(const std::array<double, 3>& mean) {
  std::array<std::uint8_t, 3> color{};
  std::transform(mean.begin(), mean.end(), color.begin(), [](double value) {
    return static_cast<std::uint8_t>(std::lround(255 * std::clamp(value, 0.0, 1.0)));
  });
  return color;
}

/// Colours that work on bytes. The sample itself where there is nothing to do.
ResizedSample recoloured(const ResizedSample& sample, const Augmentation& a) {
  ResizedSample result = sample;
  if (a.clahe > 0.0) {
    result.image = equalised(result.image, a.clahe);
  }
  if (a.gamma != 1.0) {
    result.image = gamma_corrected(result.image, a.gamma);
  }
  return result;
}

/// The geometry but for the last crop or padding and the mirrors.
ResizedSample moved(const ResizedSample& sample, const Augmentation& a,
                    const std::array<double, 3>& mean, Resample resample) {
  ResizedSample result = cropped(sample, a, resample);
  if (a.rotation != 0.0) {
    result = rotated(result, a.rotation, bytes_of(mean));
  }
  return scaled(result, a.scale, resample);
}

/// Copies count labels, step 1 or -1 apart in the source.
void copy_labels(const std::int64_t* from, std::int64_t step, std::int64_t count,
                 std::int64_t* to) {
  for (std::int64_t i = 0; i < count; ++i) {
    to[i] = from[i * step];
  }
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
  a.flip_vertical = random.uniform() < config.flip_vertical;
  const bool crops = random.uniform() < config.crop;
  const double crop = random.uniform(config.crop_size[0], config.crop_size[1]);
  a.crop = crops ? crop : 1.0;
  a.crop_top = random.uniform();
  a.crop_left = random.uniform();
  a.rotation = random.uniform(-config.rotation, config.rotation);
  const bool equalises = random.uniform() < config.clahe;
  const double clip = random.uniform(config.clahe_clip[0], config.clahe_clip[1]);
  a.clahe = equalises ? clip : 0.0;
  a.gamma = random.uniform(config.gamma[0], config.gamma[1]);
  // Last, so that all else is what it was before these probabilities were there.
  const auto leave_out = [&random](double probability, double& field) {
    field = random.uniform() < probability ? field : 1.0;
  };
  leave_out(config.scale_p, a.scale);
  leave_out(config.brightness_p, a.brightness);
  leave_out(config.contrast_p, a.contrast);
  leave_out(config.saturation_p, a.saturation);
  leave_out(config.gamma_p, a.gamma);
  a.rotation = random.uniform() < config.rotation_p ? a.rotation : 0.0;
  return a;
}

void render(const ResizedSample& sample, const Augmentation& augmentation,
            const std::array<double, 3>& mean, const std::array<double, 3>& deviation,
            const torch::Tensor& image, const torch::Tensor& labels, Resample resample) {
  check_shapes(sample, image, labels);
  const std::int64_t height = labels.size(0);
  const std::int64_t width = labels.size(1);
  const ResizedSample colours = recoloured(sample, augmentation);
  const ResizedSample source = moved(colours, augmentation, mean, resample);
  const std::int64_t rows = source.labels.size(0);
  const std::int64_t columns = source.labels.size(1);
  const std::int64_t top = offset(augmentation.top, rows, height);
  const std::int64_t left = offset(augmentation.left, columns, width);
  const Toning tone = toning_of(colours, augmentation, mean, deviation);
  // Columns of the crop [begin, end) that lie inside the source; mirrored where the result is.
  const std::int64_t begin = std::max<std::int64_t>(0, -left);
  const std::int64_t end = std::min(width, columns - left);
  const bool flip = augmentation.flip;
  const std::int64_t step = flip ? -1 : 1;
  for (std::int64_t y = 0; y < height; ++y) {
    const std::int64_t line = (augmentation.flip_vertical ? height - 1 - y : y) + top;
    const bool inside = line >= 0 && line < rows;
    std::int64_t* label_row = labels.data_ptr<std::int64_t>() + y * width;
    const PixelRow row{image.data_ptr<float>() + y * image.stride(1), image.stride(0), image.stride(2),
                  flip ? width - end : begin, flip ? width - begin : end};
    pad(row, label_row, 0, inside ? row.first : width);
    pad(row, label_row, inside ? row.last : width, width);
    if (inside) {
      const std::int64_t start = line * columns + left + (flip ? end - 1 : begin);
      copy_labels(source.labels.data_ptr<std::int64_t>() + start, step, row.last - row.first,
                  label_row + row.first);
      tone_row(tone, source.image.data_ptr<std::uint8_t>() + 3 * start, 3 * step, row);
      if (augmentation.rotation != 0.0) {
        pad_outside(row, label_row);
      }
    }
  }
}

}  // namespace gyroseg
