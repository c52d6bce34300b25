#include "gyroseg/losses/total_variation.h"

#include <torch/types.h>

#include "gyroseg/losses/level_probabilities.h"

namespace gyroseg {

torch::Tensor total_variation(const torch::Tensor& probabilities, const torch::Tensor& labels) {
  check_pixels("total_variation", probabilities, labels);
  const torch::Tensor counted = labels.ge(0);
  torch::Tensor sum = torch::zeros({}, probabilities.options());
  torch::Tensor pairs = torch::zeros({}, probabilities.options());
  for (const int axis : {2, 3}) {
    const std::int64_t length = probabilities.size(axis) - 1;
    if (length < 1) {
      continue;
    }
    const torch::Tensor both =
        counted.narrow(axis - 1, 0, length) & counted.narrow(axis - 1, 1, length);
    const torch::Tensor jumps =
        probabilities.narrow(axis, 1, length) - probabilities.narrow(axis, 0, length);
    sum = sum + (jumps.abs().sum(1) * both).sum();
    pairs = pairs + both.sum();
  }
  return sum / pairs.clamp_min(1);
}

}  // namespace gyroseg
