#include "gyroseg/losses/focal.h"

#include <limits>

#include <torch/types.h>

#include "gyroseg/losses/level_probabilities.h"

namespace gyroseg {

torch::Tensor focal_loss(const torch::Tensor& log_probabilities, const torch::Tensor& labels,
                         double gamma, const torch::Tensor& weights) {
  check_pixels("focal", log_probabilities, labels);
  check_weights("focal", log_probabilities, weights);
  TORCH_CHECK_VALUE(gamma >= 0, "focal: expected gamma >= 0, got ", gamma);
  const torch::Tensor counted = labels.ge(0).to(log_probabilities.scalar_type());
  const torch::Tensor classes = labels.clamp_min(0);
  const torch::Tensor log_p = log_probabilities.gather(1, classes.unsqueeze(1)).squeeze(1);
  // At p = 1 the slope of (1 - p)^gamma is infinite for gamma < 1, but its product with log p = 0
  // has a limit of 0: the smallest float gives that, and clamping passes no gradient on.
  const torch::Tensor factor = (-log_p.expm1())
                                   .clamp_min(std::numeric_limits<float>::min())
                                   .pow(gamma);
  const torch::Tensor weight =
      weights.defined() ? weights.to(counted.scalar_type()).take(classes) * counted : counted;
  const torch::Tensor total = weight.sum();
  return -(weight * factor * log_p).sum() /
         torch::where(total == 0, torch::ones_like(total), total);
}

}  // namespace gyroseg
