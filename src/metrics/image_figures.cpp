#include "gyroseg/metrics/image_figures.h"

#include <torch/utils.h>

namespace gyroseg {
namespace {

// values [B] of images, NaN where an image has none.
void add_images(const torch::Tensor& values, Moments& moments) {
  const auto value = values.accessor<double, 1>();
  for (std::int64_t b = 0; b < value.size(0); ++b) {
    moments.add(value[b], value[b] == value[b] ? 1 : 0);
  }
}

}  // namespace

void ImageFigures::add(const torch::Tensor& counts, const torch::Tensor& background) {
  const std::int64_t n = counts.size(1);
  const torch::Tensor truth = counts.sum(2);
  const torch::Tensor right = counts.narrow(2, 0, n).diagonal(0, 1, 2);
  const torch::Tensor either = truth + counts.narrow(2, 0, n).sum(1) - right;
  const auto mean_over = [&](const torch::Tensor& classes) {
    const torch::Tensor counted = either.gt(0).logical_and(classes);
    const torch::Tensor iou = torch::where(counted, right.to(torch::kFloat64) / either, 0.0);
    return iou.sum(1) / counted.sum(1);
  };
  add_images(mean_over(torch::ones_like(background)), miou);
  add_images(mean_over(background.logical_not()), miou_without_background);
  add_images(right.sum(1).to(torch::kFloat64) / truth.sum(1), pixel_accuracy);
}

void ImageFigures::merge(const std::function<void(torch::Tensor&)>& sum) {
  for (Moments* moments : {&miou, &miou_without_background, &pixel_accuracy}) {
    *moments = merged(*moments, sum);
  }
}

Moments merged(const Moments& mine, const std::function<void(torch::Tensor&)>& sum) {
  torch::Tensor sums = torch::tensor({mine.weight, mine.weight * mine.mean}, torch::kFloat64);
  sum(sums);
  const double weight = sums[0].item<double>();
  const double mean = weight > 0 ? sums[1].item<double>() / weight : 0;
  const double shift = mine.mean - mean;
  torch::Tensor squares = torch::tensor({mine.squares + mine.weight * shift * shift}, torch::kFloat64);
  sum(squares);
  return {weight, mean, squares.item<double>()};
}

}  // namespace gyroseg
