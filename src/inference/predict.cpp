#include "gyroseg/inference/predict.h"

#include <torch/utils.h>

#include <algorithm>
#include <cmath>
#include <sstream>

namespace gyroseg {
namespace {

constexpr std::int64_t kWidthAxis = 3;

torch::Tensor resized(const torch::Tensor& maps, const std::array<std::int64_t, 2>& size) {
  return torch::upsample_bilinear2d(maps, {size[0], size[1]}, /*align_corners=*/false);
}

// Smoothed where it shrinks, as the data's own resizing is: plain bilinear would skip pixels.
torch::Tensor rescaled(const torch::Tensor& images, double scale) {
  const auto scaled = [scale](std::int64_t length) {
    return std::max<std::int64_t>(1, std::llround(scale * static_cast<double>(length)));
  };
  const std::int64_t height = scaled(images.size(2));
  const std::int64_t width = scaled(images.size(3));
  if (height == images.size(2) && width == images.size(3)) {
    return images;
  }
  return at::_upsample_bilinear2d_aa(images, {height, width}, /*align_corners=*/false);
}

// Logits of one version of the images, at `size`, in memory of their own.
torch::Tensor one_pass(const Network& network, const torch::Tensor& images,
                       const std::array<std::int64_t, 2>& size, const InferenceConfig& options) {
  const Window whole = {0, 0, images.size(2), images.size(3)};
  if (!options.window) {
    return resized(network(images, whole).to(torch::kFloat32), size);
  }
  const torch::Tensor merged = slide(network, images, *options.window, stride_of(options));
  return size[0] == whole.height && size[1] == whole.width ? merged : resized(merged, size);
}

template <class Numbers>
std::string list_of(const Numbers& numbers) {
  std::ostringstream text;
  text << "[";
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    text << (i == 0 ? "" : ",") << numbers[i];
  }
  text << "]";
  return text.str();
}

}  // namespace

torch::Tensor predict(const Network& network, const torch::Tensor& images,
                      const std::array<std::int64_t, 2>& size, const InferenceConfig& options) {
  TORCH_CHECK_VALUE(images.dim() == 4 && images.size(1) == 3 && images.is_floating_point(),
                    "predict: images must be [B,3,H,W] float, got ", images.sizes(), " ",
                    images.scalar_type());
  TORCH_CHECK_VALUE(!options.scales.empty(), "predict: expected at least one scale, got none");
  const torch::NoGradGuard no_grad;
  torch::Tensor sum;
  const auto add = [&sum](const torch::Tensor& logits) {
    sum = sum.defined() ? sum.add_(logits) : logits;
  };
  for (const double scale : options.scales) {
    TORCH_CHECK_VALUE(scale > 0, "predict: expected scales > 0, got ", scale);
    const torch::Tensor scaled = rescaled(images, scale);
    add(one_pass(network, scaled, size, options));
    if (options.flip) {
      add(one_pass(network, scaled.flip({kWidthAxis}), size, options).flip({kWidthAxis}));
    }
  }
  const std::size_t passes = options.scales.size() * (options.flip ? 2 : 1);
  return passes == 1 ? sum : sum.div_(static_cast<double>(passes));
}

std::array<int, 2> stride_of(const InferenceConfig& options) {
  TORCH_CHECK_VALUE(options.window, "stride_of: there is no window, so no stride");
  const auto two_thirds = [](int length) {
    return std::max(1, static_cast<int>(2 * static_cast<std::int64_t>(length) / 3));
  };
  const auto [height, width] = *options.window;
  return options.stride.value_or(std::array<int, 2>{two_thirds(height), two_thirds(width)});
}

std::vector<std::pair<std::string, std::string>> settings_of(const InferenceConfig& options) {
  std::vector<std::pair<std::string, std::string>> settings;
  settings.emplace_back("inference.window", options.window ? list_of(*options.window) : "null");
  if (options.window) {
    settings.emplace_back("inference.stride", list_of(stride_of(options)));
  }
  settings.emplace_back("inference.scales", list_of(options.scales));
  settings.emplace_back("inference.flip", options.flip ? "true" : "false");
  return settings;
}

std::string describe(const InferenceConfig& options) {
  std::string text;
  for (const auto& [key, value] : settings_of(options)) {
    text += (text.empty() ? "" : " ") + key + "=" + value;
  }
  return text;
}

}  // namespace gyroseg
