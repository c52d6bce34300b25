#pragma once

#include <torch/types.h>

#include <array>

#include "gyroseg/config/config.h"
#include "gyroseg/data/random.h"
#include "gyroseg/data/resize.h"

namespace gyroseg {

/// One sample as the model takes it.
struct Sample {
  torch::Tensor image;   ///< [3,H,W] float32, (rgb / 255 - mean) / std
  torch::Tensor labels;  ///< [H,W] int64, node indices or kIgnored
};

/// A sample at data.image_size before augmentation.
struct ResizedSample {
  torch::Tensor image;   ///< [H,W,3] uint8, contiguous
  torch::Tensor labels;  ///< [H,W] int64, contiguous
};

/// What happens to one sample; the default leaves it as it is.
struct Augmentation {
  double scale = 1.0;       ///< factor of height and width, rounded to whole pixels
  double top = 0.0;         ///< where the crop (or the padding, where smaller) begins, in [0, 1)
  double left = 0.0;        ///< of the free rows and columns
  bool flip = false;        ///< mirror left and right
  double brightness = 1.0;  ///< factor of the colour
  double contrast = 1.0;    ///< factor of the distance to the image's mean grey
  double saturation = 1.0;  ///< factor of the distance to the pixel's grey
  bool flip_vertical = false;  ///< mirror top and bottom
  double crop = 1.0;           ///< share of height and width that is cut out and resized back, (0, 1]
  double crop_top = 0.0;       ///< where it begins, in [0, 1) of the free rows and columns
  double crop_left = 0.0;
  double rotation = 0.0;  ///< degrees counter-clockwise, about the centre
  double clahe = 0.0;     ///< clip limit; 0 leaves it out
  double gamma = 1.0;     ///< exponent of the colour in [0, 1]
};

/// Draws every field, whatever the config turns off: switching one augmentation off leaves the
/// others.
[[nodiscard]] Augmentation draw_augmentation(const AugmentConfig& config, Random random);

/// CLAHE and gamma on the bytes; then cuts out a crop and resizes it back, rotates, scales and crops
/// or pads back to H x W, mirrors; then changes colours (brightness, contrast, saturation in this
/// order, then clamped to [0, 255]) and normalises. Image and labels go through the same geometry;
/// what lies outside the image is the mean colour (0 after normalising) and kIgnored. The image is
/// interpolated by resize_image and, rotated, bilinearly; labels take the nearest pixel. Inputs are
/// not changed.
///
///   image   [3,H,W] float32 to write into, any strides (a slice of a channels_last batch)
///   labels  [H,W] int64 to write into, contiguous
void render(const ResizedSample& sample, const Augmentation& augmentation,
            const std::array<double, 3>& mean, const std::array<double, 3>& deviation,
            const torch::Tensor& image, const torch::Tensor& labels,
            Resample resample = Resample::area);

}  // namespace gyroseg
