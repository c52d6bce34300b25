#pragma once

#include <torch/types.h>

#include <array>
#include <cstdint>
#include <functional>
#include <vector>

namespace gyroseg {

/// A rectangle of an image, in pixels. Where the image is smaller it reaches past the lower or the
/// right edge.
struct Window {
  std::int64_t top = 0;
  std::int64_t left = 0;
  std::int64_t height = 0;
  std::int64_t width = 0;
};

/// What a network says of the part of the images under `where`: parts [B,3,h,w] -> logits
/// [B,K,h',w'] of any size, which cover the part edge to edge.
using Network = std::function<torch::Tensor(const torch::Tensor& parts, const Window& where)>;

/// Windows of one size that cover an image, row by row.
///
///   Symbols  n  height or width of the image, w of a window, s of the stride
///   Places   along each axis min(i*s, n - w), i = 0 .. ceil((n - w)/s): the last window is shifted
///            inward and ends at the edge; a single place, 0, where n <= w
///   Throws   c10::ValueError unless n >= 1 and 1 <= s <= w: a wider stride would leave gaps
[[nodiscard]] std::vector<Window> windows_over(std::int64_t height, std::int64_t width,
                                               const std::array<int, 2>& size,
                                               const std::array<int, 2>& stride);

/// The part of maps [...,H,W] under a window -> [...,h,w]: a view, or a padded copy that holds
/// `outside` where the window leaves the maps.
[[nodiscard]] torch::Tensor cut(const torch::Tensor& maps, const Window& window, double outside);

/// Logits of whole images from a network that sees one window at a time.
///
///   images   [B,3,H,W] float; padded with 0, the mean colour, where a window leaves them
///   returns  [B,K,H,W] float32: logits of each window, bilinear at the window's size, averaged over
///            the windows of a pixel
///   Memory   one window of the network and one sum [B,K,H,W], whatever the number of windows
///   Grads    none, runs without autograd
///   Throws   c10::ValueError as windows_over, and where the network does not return [B,K,h',w']
[[nodiscard]] torch::Tensor slide(const Network& network, const torch::Tensor& images,
                                  const std::array<int, 2>& size, const std::array<int, 2>& stride);

}  // namespace gyroseg
