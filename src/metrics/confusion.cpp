#include "gyroseg/metrics/confusion.h"

#include <torch/types.h>

#include <algorithm>

namespace gyroseg {
namespace {

std::optional<double> ratio(std::int64_t part, std::int64_t whole) {
  if (whole == 0) {
    return std::nullopt;
  }
  return static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace

ConfusionMatrix::ConfusionMatrix(int classes)
    : classes_(classes),
      counts_(torch::zeros({classes, classes}, torch::kInt64)),
      undecided_(torch::zeros({classes}, torch::kInt64)) {
  TORCH_CHECK_VALUE(classes > 0, "ConfusionMatrix: expected at least one class, got ", classes);
}

torch::Tensor ConfusionMatrix::add(const torch::Tensor& truth, const torch::Tensor& prediction) {
  TORCH_CHECK_VALUE(truth.sizes() == prediction.sizes() && truth.dim() > 0, "ConfusionMatrix: truth is ",
                    truth.sizes(), ", prediction is ", prediction.sizes());
  const std::int64_t n = classes_;
  const std::int64_t images = truth.size(0);
  if (truth.numel() == 0) {
    return torch::zeros({images, n, n + 1}, torch::kInt64);
  }
  const auto [low, high] = prediction.aminmax();
  const auto smallest = low.item<std::int64_t>();
  const auto largest = std::max(high.item<std::int64_t>(), truth.max().item<std::int64_t>());
  TORCH_CHECK_VALUE(smallest >= -1 && largest < n, "ConfusionMatrix: expected classes in [0, ", n,
                    ") or -1, got ", smallest < -1 ? smallest : largest);
  // Cells of an image by truth and prediction; pixels that do not count go past their end.
  const std::int64_t cells = n * (n + 1);
  const torch::Tensor column = torch::where(prediction.ge(0), prediction, n);
  const torch::Tensor cell = torch::where(truth.ge(0), truth * (n + 1) + column, cells).reshape({images, -1});
  const torch::Tensor first = torch::arange(images, cell.options()).unsqueeze(1) * (cells + 1);
  const torch::Tensor added = torch::bincount((cell + first).flatten(), {}, images * (cells + 1))
                                  .cpu()
                                  .view({images, cells + 1})
                                  .narrow(1, 0, cells)
                                  .reshape({images, n, n + 1});
  // Out of place: a copy of this object shares the tensors.
  const torch::Tensor all = added.sum(0);
  counts_ = counts_ + all.narrow(1, 0, n);
  undecided_ = undecided_ + all.select(1, n);
  return added;
}

void ConfusionMatrix::merge(const std::function<void(torch::Tensor&)>& sum) {
  for (torch::Tensor* counts : {&counts_, &undecided_}) {
    *counts = counts->clone();
    sum(*counts);
  }
}

std::int64_t ConfusionMatrix::total() const {
  return (counts_.sum() + undecided_.sum()).item<std::int64_t>();
}

std::int64_t ConfusionMatrix::undecided(int c) const { return undecided_[c].item<std::int64_t>(); }

std::int64_t ConfusionMatrix::truth(int c) const {
  return counts_[c].sum().item<std::int64_t>() + undecided(c);
}

std::int64_t ConfusionMatrix::predicted(int c) const {
  return counts_.select(1, c).sum().item<std::int64_t>();
}

std::int64_t ConfusionMatrix::correct(int c) const { return counts_[c][c].item<std::int64_t>(); }

std::optional<double> ConfusionMatrix::iou(int c) const {
  return ratio(correct(c), truth(c) + predicted(c) - correct(c));
}

std::optional<double> ConfusionMatrix::class_accuracy(int c) const {
  return ratio(correct(c), truth(c));
}

std::optional<double> ConfusionMatrix::pixel_accuracy() const {
  return ratio(counts_.trace().item<std::int64_t>(), total());
}

}  // namespace gyroseg
