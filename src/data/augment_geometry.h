#pragma once

#include <array>
#include <cstdint>

#include "gyroseg/data/augment.h"
#include "gyroseg/hierarchy/hierarchy.h"

namespace gyroseg {

/// Label of what a rotation shows from outside the image. render makes it kIgnored, and the image's
/// pixel the mean colour, once interpolation is over.
inline constexpr std::int64_t kOutside = kIgnored - 1;

/// The window of `crop` times the height and width at (crop_top, crop_left) of the free rows and
/// columns, in whole pixels and at least one, resized back to H x W. The sample itself where crop is 1.
[[nodiscard]] ResizedSample cropped(const ResizedSample& sample, const Augmentation& augmentation,
                                    Resample resample);

/// Turned about the centre by `degrees`, counter-clockwise: bilinear image, nearest labels. Where a
/// pixel's centre comes from outside the image, the colour is `fill` and the label kOutside.
[[nodiscard]] ResizedSample rotated(const ResizedSample& sample, double degrees,
                                    const std::array<std::uint8_t, 3>& fill);

}  // namespace gyroseg
