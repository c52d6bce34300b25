#include "gyroseg/losses/hierarchical_softmax.h"

#include <torch/types.h>

#include "gyroseg/losses/level_probabilities.h"

namespace gyroseg {

torch::Tensor hierarchical_softmax_loss(const torch::Tensor& logits, const torch::Tensor& labels,
                                        const SiblingSoftmax& siblings) {
  check_pixels("hierarchical_softmax", logits, labels);
  return negative_log_likelihood(siblings.log_probabilities(logits), labels);
}

}  // namespace gyroseg
