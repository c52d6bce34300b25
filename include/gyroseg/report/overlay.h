#pragma once

#include <torch/types.h>

#include <vector>

#include "gyroseg/data/mask_io.h"
#include "gyroseg/report/palette.h"

namespace gyroseg {

/// Blends class colours over an image: (1 - alpha) * image + alpha * colour, rounded.
///
///   image    [H,W,3] uint8
///   classes  [H,W] int64, index into `palette`; negative leaves the image as it is
///   alpha    in [0,1]
///   returns  [H,W,3] uint8
///   Throws   c10::ValueError: shapes, dtypes, alpha, a class past the palette
[[nodiscard]] torch::Tensor overlay(const torch::Tensor& image, const torch::Tensor& classes,
                                    const std::vector<Rgb>& palette, double alpha = 0.5);

/// Class colours alone: classes [H,W] int64 -> [H,W,3] uint8, black where negative.
[[nodiscard]] torch::Tensor colored(const torch::Tensor& classes, const std::vector<Rgb>& palette);

enum class ConfidenceColors {
  grey,  ///< black 0 to white 1
  heat,  ///< black, violet, red, orange, pale yellow: brighter all the way
};

/// confidence [H,W] floating in [0,1] -> [H,W,3] uint8. What is not a number is black.
/// Throws c10::ValueError on another shape or dtype.
[[nodiscard]] torch::Tensor confidence_image(const torch::Tensor& confidence,
                                             ConfidenceColors colors = ConfidenceColors::heat);

}  // namespace gyroseg
