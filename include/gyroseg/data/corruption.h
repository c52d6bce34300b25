#pragma once

#include <torch/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "gyroseg/config/config.h"

namespace gyroseg {

/// A shift of the images that a network was not trained on, in two strengths. Images are [3,H,W] in [0,1],
/// H,W > 0; results are clamped to [0,1].
///
///   brightness  x + b, b = 0.2 | 0.4
///   blur        a Gaussian of sigma = H/64 | H/32 pixels, cut at 3 sigma, edges repeated
///   noise       x + n, n independent and normal, of deviation 0.08 | 0.18
///   fog         (1 - d) x + 0.9 d, d = s (1 + f)/2, s = 0.5 | 0.8; f bilinear between 5 x 5 uniform
///               numbers in [0, 1) spread over the image, corners on corners
///   Seeds       noise and fog are functions of (kind, strength, seed, index): a copy of a split is the
///               same in every run, on every machine
///   Source      the kinds are those of Hendrycks & Dietterich 2019 (1903.12261); brightness and fog are
///               simpler here, so that each has a closed form
struct Corruption {
  enum class Kind { none, brightness, blur, noise, fog };
  Kind kind = Kind::none;
  int strength = 1;  ///< 1 | 2
};

/// "brightness1", "brightness2", "blur1", ...: what corruption_of knows besides "none".
[[nodiscard]] const std::vector<std::string>& corruption_names();

/// Throws c10::ValueError on another name.
[[nodiscard]] Corruption corruption_of(const std::string& name);

/// image [3,H,W] float32 in [0,1] on the CPU -> the same. Throws c10::ValueError on shape or dtype.
[[nodiscard]] torch::Tensor corrupt(const Corruption& corruption, const torch::Tensor& image,
                                    std::uint64_t seed, std::int64_t index);

/// The images of a batch as the loader gives them, [B,3,H,W] normalised by data.mean and data.std; indices
/// of the samples in the data set. The memory format is kept.
[[nodiscard]] torch::Tensor corrupt_batch(const Corruption& corruption, const torch::Tensor& images,
                                          const std::vector<std::int64_t>& indices,
                                          const DataConfig& data, std::uint64_t seed = 0);

}  // namespace gyroseg
