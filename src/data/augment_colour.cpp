#include "augment_colour.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>

#include "opencv_threads.h"

namespace gyroseg {

torch::Tensor equalised(const torch::Tensor& rgb, double clip) {
  keep_opencv_single_threaded();
  constexpr int kTiles = 8;
  const auto height = static_cast<int>(rgb.size(0));
  const auto width = static_cast<int>(rgb.size(1));
  torch::Tensor result = torch::empty(rgb.sizes(), torch::kUInt8);
  const cv::Mat source(height, width, CV_8UC3, rgb.data_ptr<std::uint8_t>());
  cv::Mat target(height, width, CV_8UC3, result.data_ptr<std::uint8_t>());
  cv::Mat lab;
  cv::cvtColor(source, lab, cv::COLOR_RGB2Lab);
  cv::Mat lightness;
  cv::extractChannel(lab, lightness, 0);
  cv::createCLAHE(clip, cv::Size(kTiles, kTiles))->apply(lightness, lightness);
  cv::insertChannel(lightness, lab, 0);
  cv::cvtColor(lab, target, cv::COLOR_Lab2RGB);
  return result;
}

torch::Tensor gamma_corrected(const torch::Tensor& rgb, double gamma) {
  std::array<std::uint8_t, 256> table{};
  for (int value = 0; value < 256; ++value) {
    table[value] = static_cast<std::uint8_t>(std::lround(255 * std::pow(value / 255.0, gamma)));
  }
  torch::Tensor result = torch::empty(rgb.sizes(), torch::kUInt8);
  const auto* from = rgb.data_ptr<std::uint8_t>();
  std::transform(from, from + rgb.numel(), result.data_ptr<std::uint8_t>(),
                 [&table](std::uint8_t value) { return table[value]; });
  return result;
}

}  // namespace gyroseg
