#include "gyroseg/inference/sliding_window.h"

#include <torch/utils.h>

#include <algorithm>

namespace gyroseg {
namespace {

std::vector<std::int64_t> places(std::int64_t length, std::int64_t window, std::int64_t stride) {
  std::vector<std::int64_t> result = {0};
  while (result.back() + window < length) {
    result.push_back(std::min(result.back() + stride, length - window));
  }
  return result;
}

std::int64_t visible(std::int64_t start, std::int64_t window, std::int64_t length) {
  return std::min(window, length - start);
}

// Number of windows over each row (or column) of an image: [length] float32.
torch::Tensor coverage(std::int64_t length, std::int64_t window, std::int64_t stride) {
  torch::Tensor count = torch::zeros({length}, torch::kFloat32);
  for (const std::int64_t start : places(length, window, stride)) {
    count.narrow(0, start, visible(start, window, length)).add_(1.0);
  }
  return count;
}

void check_axis(std::int64_t length, int window, int stride) {
  TORCH_CHECK_VALUE(length >= 1, "sliding window: the image must not be empty, got length ",
                    length);
  TORCH_CHECK_VALUE(1 <= stride && stride <= window,
                    "sliding window: expected 1 <= stride <= window, got stride ", stride,
                    " and window ", window);
}

// Logits of one window at its own size.
torch::Tensor window_logits(const Network& network, const torch::Tensor& images,
                            const Window& window) {
  const torch::Tensor logits = network(cut(images, window, 0.0), window);
  TORCH_CHECK_VALUE(logits.dim() == 4 && logits.size(0) == images.size(0),
                    "sliding window: the network must return [", images.size(0), ",K,h,w], got ",
                    logits.sizes());
  return torch::upsample_bilinear2d(logits.to(torch::kFloat32), {window.height, window.width},
                                    /*align_corners=*/false);
}

}  // namespace

std::vector<Window> windows_over(std::int64_t height, std::int64_t width,
                                 const std::array<int, 2>& size, const std::array<int, 2>& stride) {
  check_axis(height, size[0], stride[0]);
  check_axis(width, size[1], stride[1]);
  std::vector<Window> windows;
  for (const std::int64_t top : places(height, size[0], stride[0])) {
    for (const std::int64_t left : places(width, size[1], stride[1])) {
      windows.push_back({top, left, size[0], size[1]});
    }
  }
  return windows;
}

torch::Tensor cut(const torch::Tensor& maps, const Window& window, double outside) {
  const std::int64_t height = visible(window.top, window.height, maps.size(-2));
  const std::int64_t width = visible(window.left, window.width, maps.size(-1));
  const torch::Tensor inside = maps.narrow(-2, window.top, height).narrow(-1, window.left, width);
  if (height == window.height && width == window.width) {
    return inside;
  }
  return torch::constant_pad_nd(inside, {0, window.width - width, 0, window.height - height},
                                outside);
}

torch::Tensor slide(const Network& network, const torch::Tensor& images,
                    const std::array<int, 2>& size, const std::array<int, 2>& stride) {
  const torch::NoGradGuard no_grad;
  const std::int64_t height = images.size(-2);
  const std::int64_t width = images.size(-1);
  torch::Tensor sum;
  for (const Window& window : windows_over(height, width, size, stride)) {
    const torch::Tensor logits = window_logits(network, images, window);
    if (!sum.defined()) {
      sum = torch::zeros({logits.size(0), logits.size(1), height, width}, logits.options());
    }
    const std::int64_t rows = visible(window.top, window.height, height);
    const std::int64_t columns = visible(window.left, window.width, width);
    sum.narrow(2, window.top, rows)
        .narrow(3, window.left, columns)
        .add_(logits.narrow(2, 0, rows).narrow(3, 0, columns));
  }
  // A pixel lies in (windows over its row) x (windows over its column).
  const torch::Tensor rows = coverage(height, size[0], stride[0]).view({height, 1});
  const torch::Tensor columns = coverage(width, size[1], stride[1]).view({1, width});
  return sum.div_((rows * columns).to(sum.device()));
}

}  // namespace gyroseg
