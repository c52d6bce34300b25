#include "gyroseg/data/resize.h"

#include <algorithm>
#include <cstdint>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>
#include <vector>

#include "resample.h"

namespace gyroseg {

const std::vector<std::string>& resample_names() {
  static const std::vector<std::string> names = {"area", "bilinear", "bicubic", "lanczos",
                                                 "gaussian"};
  return names;
}

Resample resample_of(const std::string& name) {
  const auto& names = resample_names();
  const auto found = std::find(names.begin(), names.end(), name);
  TORCH_CHECK_VALUE(found != names.end(),
                    "data.resample: expected area | bilinear | bicubic | lanczos | gaussian, got ",
                    name);
  return static_cast<Resample>(found - names.begin());
}

torch::Tensor resize_image(const torch::Tensor& rgb, const std::array<int, 2>& size,
                           Resample resample) {
  TORCH_CHECK_VALUE(rgb.dim() == 3 && rgb.size(2) == 3 && rgb.scalar_type() == torch::kUInt8 &&
                        rgb.is_contiguous(),
                    "resize_image: rgb must be contiguous [H,W,3] uint8, got ", rgb.sizes(), " ",
                    rgb.dtype());
  TORCH_CHECK_VALUE(size[0] > 0 && size[1] > 0, "resize_image: size must be > 0, got ", size[0],
                    " x ", size[1]);
  if (resample != Resample::area) {
    return resample_separably(rgb, size, resample);
  }
  const int height = static_cast<int>(rgb.size(0));
  const int width = static_cast<int>(rgb.size(1));
  torch::Tensor result = torch::empty({size[0], size[1], 3}, torch::kUInt8);
  const cv::Mat source(height, width, CV_8UC3, rgb.data_ptr<std::uint8_t>());
  cv::Mat target(size[0], size[1], CV_8UC3, result.data_ptr<std::uint8_t>());
  const bool shrinks = size[0] < height && size[1] < width;
  cv::resize(source, target, target.size(), 0, 0, shrinks ? cv::INTER_AREA : cv::INTER_LINEAR);
  return result;
}

std::array<int, 2> size_within(std::int64_t height, std::int64_t width, std::int64_t longest) {
  const std::int64_t side = std::max(height, width);
  const double scale = side > longest ? static_cast<double>(longest) / static_cast<double>(side) : 1;
  const auto scaled = [&](std::int64_t length) {
    return std::max(1, static_cast<int>(static_cast<double>(length) * scale + 0.5));
  };
  return {scaled(height), scaled(width)};
}

torch::Tensor resize_labels(const torch::Tensor& labels, const std::array<int, 2>& size) {
  TORCH_CHECK_VALUE(
      labels.dim() == 2 && labels.scalar_type() == torch::kInt64 && labels.is_contiguous(),
      "resize_labels: labels must be contiguous [H,W] int64, got ", labels.sizes(), " ",
      labels.dtype());
  TORCH_CHECK_VALUE(size[0] > 0 && size[1] > 0, "resize_labels: size must be > 0, got ", size[0],
                    " x ", size[1]);
  const std::int64_t height = labels.size(0);
  const std::int64_t width = labels.size(1);
  torch::Tensor result = torch::empty({size[0], size[1]}, torch::kInt64);
  const auto* from = labels.data_ptr<std::int64_t>();
  auto* to = result.data_ptr<std::int64_t>();
  std::vector<std::int64_t> columns(size[1]);
  for (std::int64_t x = 0; x < size[1]; ++x) {
    columns[x] = (2 * x + 1) * width / (2 * size[1]);  // floor((x + 1/2) * old / new), exactly
  }
  for (std::int64_t y = 0; y < size[0]; ++y) {
    const auto* row = from + (2 * y + 1) * height / (2 * size[0]) * width;
    for (const std::int64_t column : columns) {
      *to++ = row[column];
    }
  }
  return result;
}

}  // namespace gyroseg
