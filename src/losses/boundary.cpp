#include "gyroseg/losses/boundary.h"

#include <cmath>

#include <opencv2/imgproc.hpp>
#include <torch/types.h>

#include "gyroseg/losses/level_probabilities.h"

namespace gyroseg {
namespace {

// Exact distance of every pixel to the nearest one where `sources` [H,W] bool holds.
torch::Tensor distance_to(const torch::Tensor& sources) {
  torch::Tensor others = sources.logical_not().to(torch::kUInt8).contiguous();
  torch::Tensor result = torch::empty(sources.sizes(), torch::kFloat32);
  const int height = static_cast<int>(sources.size(0));
  const int width = static_cast<int>(sources.size(1));
  const cv::Mat from(height, width, CV_8UC1, others.mutable_data_ptr<std::uint8_t>());
  cv::Mat to(height, width, CV_32FC1, result.mutable_data_ptr<float>());
  cv::distanceTransform(from, to, cv::DIST_L2, cv::DIST_MASK_PRECISE, CV_32F);
  return result;
}

}  // namespace

torch::Tensor signed_distances(const torch::Tensor& labels, std::int64_t classes) {
  TORCH_CHECK_VALUE(labels.dim() == 3 && labels.scalar_type() == torch::kInt64,
                    "signed_distances: labels must be [B,H,W] int64, got ", labels.sizes(), " ",
                    labels.scalar_type());
  const torch::Tensor truth = labels.cpu();
  const double height = static_cast<double>(labels.size(1));
  const double width = static_cast<double>(labels.size(2));
  torch::Tensor result =
      torch::zeros({labels.size(0), classes, labels.size(1), labels.size(2)}, torch::kFloat32);
  for (std::int64_t b = 0; b < truth.size(0); ++b) {
    const torch::Tensor image = truth[b];
    const torch::Tensor counted = image.ge(0);
    for (std::int64_t c = 0; c < classes; ++c) {
      const torch::Tensor inside = image.eq(c);
      const torch::Tensor outside = counted & inside.logical_not();
      if (inside.any().item<bool>() && outside.any().item<bool>()) {
        result[b][c].copy_(
            torch::where(inside, 1 - distance_to(outside), distance_to(inside)));
      }
    }
  }
  return result.div_(std::hypot(height, width));
}

torch::Tensor boundary_loss(const torch::Tensor& probabilities, const torch::Tensor& labels) {
  check_pixels("boundary", probabilities, labels);
  const torch::Tensor counted = labels.ge(0);
  const torch::Tensor distances =
      signed_distances(labels, probabilities.size(1)).to(probabilities.options());
  const torch::Tensor of_pixels = (distances * probabilities).sum(1) * counted;
  return of_pixels.sum() / counted.sum().clamp_min(1);
}

}  // namespace gyroseg
