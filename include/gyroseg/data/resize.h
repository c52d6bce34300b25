#pragma once

#include <torch/types.h>

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace gyroseg {

/// Every resizing here maps pixel centres: centre (x + 1/2) of the result lies at (x + 1/2) * old / new
/// of the source. So an image and its mask stay aligned at any pair of sizes.

/// How images are interpolated (data.resample). All but `area` are separable filters f: the result at x
/// is the mean of the source pixels i, weighted by f((i + 1/2 - centre(x)) / s), s = max(1, old / new).
/// So they average over the covered pixels where an axis shrinks, and interpolate where it grows; an
/// axis that keeps its size is left as it is.
///
///   bilinear  1 - |t|             for |t| < 1
///   bicubic   Keys' with a = -1/2 for |t| < 2
///   lanczos   sinc(t) sinc(t / 3) for |t| < 3
///   gaussian  exp(-2 t^2)         for |t| < 2: standard deviation 1/2 pixel of the coarser grid
///   area      the mean of the covered area where both axes shrink, else bilinear without s (OpenCV's
///             INTER_AREA and INTER_LINEAR)
///   Source    bilinear, bicubic and lanczos are those of Image.resize in Pillow 13, its rounding and its
///             order of the axes included; the Gaussian is ImageMagick's in its default width
enum class Resample { area, bilinear, bicubic, lanczos, gaussian };

/// The names that data.resample accepts, in the order of the enumerators.
[[nodiscard]] const std::vector<std::string>& resample_names();

/// Throws c10::ValueError where the name is none of those.
[[nodiscard]] Resample resample_of(const std::string& name);

/// rgb [H,W,3] uint8, contiguous -> [h,w,3] uint8, or rgb itself where it has the size. size: {h, w},
/// both > 0. Starts no threads.
[[nodiscard]] torch::Tensor resize_image(const torch::Tensor& rgb, const std::array<int, 2>& size,
                                         Resample resample = Resample::area);

/// {height, width} in proportion, with neither side above `longest`; as they are where neither is.
[[nodiscard]] std::array<int, 2> size_within(std::int64_t height, std::int64_t width, std::int64_t longest);

/// Nearest neighbour; a centre exactly between two pixels takes the right or lower one (Pillow adds up
/// floats and takes either). labels [H,W] int64 -> [h,w] int64.
[[nodiscard]] torch::Tensor resize_labels(const torch::Tensor& labels,
                                          const std::array<int, 2>& size);

}  // namespace gyroseg
