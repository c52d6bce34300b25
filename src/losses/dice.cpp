#include "gyroseg/losses/dice.h"

#include <torch/types.h>

#include "gyroseg/losses/level_probabilities.h"

namespace gyroseg {

torch::Tensor dice_loss(const torch::Tensor& probabilities, const torch::Tensor& labels,
                        const torch::Tensor& weights) {
  check_pixels("dice", probabilities, labels);
  check_weights("dice", probabilities, weights);
  const torch::Tensor counted = labels.ge(0);
  const torch::Tensor classes = labels.clamp_min(0);
  const torch::Tensor own = probabilities.gather(1, classes.unsqueeze(1)).squeeze(1);
  const auto per_class = [&](const torch::Tensor& pixels) {
    const torch::Tensor values = (pixels.to(torch::kFloat64) * counted).flatten();
    return torch::zeros({probabilities.size(1)}, values.options())
        .index_add(0, classes.flatten(), values);
  };
  const torch::Tensor overlap = per_class(own);
  const torch::Tensor truth = per_class(torch::ones_like(own));
  const torch::Tensor predicted =
      (probabilities * counted.unsqueeze(1)).sum({0, 2, 3}, /*keepdim=*/false, torch::kFloat64);
  const torch::Tensor present = truth.gt(0);
  const torch::Tensor size = torch::where(present, predicted + truth, torch::ones_like(truth));
  const torch::Tensor weight =
      weights.defined() ? weights.to(torch::kFloat64) * present : present.to(torch::kFloat64);
  const torch::Tensor total = weight.sum();
  const torch::Tensor loss = (weight * (1 - 2 * overlap / size)).sum() /
                             torch::where(total == 0, torch::ones_like(total), total);
  return loss.to(probabilities.scalar_type());
}

}  // namespace gyroseg
