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
};

/// Draws every field, whatever the config turns off: switching one augmentation off leaves the
/// others.
[[nodiscard]] Augmentation draw_augmentation(const AugmentConfig& config, Random random);

/// Scales, crops or pads back to H x W, mirrors, changes colours (brightness, contrast, saturation
/// in this order, then clamped to [0, 255]) and normalises. Image and labels go through the same
/// geometry; padding is the mean colour (0 after normalising) and kIgnored. The image is
/// interpolated by resize_image, labels by resize_labels. Inputs are not changed.
///
///   image   [3,H,W] float32 to write into, any strides (a slice of a channels_last batch)
///   labels  [H,W] int64 to write into, contiguous
void render(const ResizedSample& sample, const Augmentation& augmentation,
            const std::array<double, 3>& mean, const std::array<double, 3>& deviation,
            const torch::Tensor& image, const torch::Tensor& labels,
            Resample resample = Resample::area);

}  // namespace gyroseg
