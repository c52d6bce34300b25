#include "gyroseg/losses/cross_entropy.h"

#include <torch/csrc/autograd/custom_function.h>
#include <torch/types.h>

#include "cross_entropy_kernel.h"
#include "gyroseg/losses/level_probabilities.h"
#include "pixel_tiles.h"

namespace gyroseg {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// One pass forward, one backward over the logits where they lie; between them one number a pixel.
class CrossEntropyFunction : public torch::autograd::Function<CrossEntropyFunction> {
 public:
  static torch::Tensor forward(AutogradContext* ctx, const torch::Tensor& logits,
                               const torch::Tensor& labels, const torch::Tensor& weights) {
    const losses::CrossEntropySums sums = losses::cross_entropy_forward(logits, labels, weights);
    ctx->save_for_backward({logits, labels, weights, sums.log_sum});
    ctx->saved_data["share"] = sums.weight > 0 ? 1.0 / sums.weight : 0.0;
    return at::scalar_tensor(sums.weight > 0 ? sums.weighted_loss / sums.weight : 0.0,
                             logits.options());
  }

  static variable_list backward(AutogradContext* ctx, const variable_list& outputs) {
    TORCH_CHECK_NOT_IMPLEMENTED(!at::GradMode::is_enabled(),
                                "cross_entropy has no second derivative on the CPU");
    const variable_list saved = ctx->get_saved_variables();
    const double scale = outputs[0].item<double>() * ctx->saved_data["share"].toDouble();
    return {losses::cross_entropy_backward(saved[0], saved[1], saved[2], saved[3], scale),
            torch::Tensor(), torch::Tensor()};
  }
};

bool has_kernel(const torch::Tensor& logits) {
  return logits.is_cpu() && (logits.scalar_type() == torch::kFloat32 ||
                             logits.scalar_type() == torch::kFloat64);
}

}  // namespace

torch::Tensor flat_cross_entropy(const torch::Tensor& logits, const torch::Tensor& labels,
                                 const torch::Tensor& weights) {
  check_pixels("cross_entropy", logits, labels);
  check_weights("cross_entropy", logits, weights);
  if (!has_kernel(logits)) {
    return negative_log_likelihood(logits.log_softmax(1), labels, weights);
  }
  // An autograd function takes no undefined tensor: no weights are ones.
  const torch::Tensor class_weights = weights.defined()
                                          ? weights.to(logits.scalar_type()).contiguous()
                                          : at::ones({logits.size(1)}, logits.options());
  return CrossEntropyFunction::apply(losses::with_one_pixel_stride(logits), labels.contiguous(), class_weights);
}

torch::Tensor level_cross_entropy(const torch::Tensor& logits, const torch::Tensor& labels,
                                  const LevelFolder& folder, int k, bool all_nodes,
                                  const torch::Tensor& weights) {
  check_pixels("cross_entropy", logits, labels);
  const torch::Tensor& nodes = folder.level_nodes(k);
  if (all_nodes) {
    return flat_cross_entropy(logits.index_select(1, nodes), labels, weights);
  }
  const std::int64_t leaves = folder.leaf_classes(k).size(0);
  if (nodes.size(0) == leaves && logits.size(1) == leaves) {  // the leaves, in their order
    return flat_cross_entropy(logits, labels, weights);
  }
  return negative_log_likelihood(level_log_probabilities(logits, folder, k, all_nodes), labels,
                                 weights);
}

}  // namespace gyroseg
