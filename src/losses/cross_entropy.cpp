#include "gyroseg/losses/cross_entropy.h"

#include <optional>

#include <torch/csrc/autograd/custom_function.h>
#include <torch/types.h>

#include "cross_entropy_kernel.h"
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

void check_shapes(const torch::Tensor& logits, const torch::Tensor& labels) {
  TORCH_CHECK_VALUE(logits.dim() == 4, "cross_entropy: logits must be [B,K,H,W], got ",
                    logits.sizes());
  TORCH_CHECK_VALUE(labels.dim() == 3 && labels.size(0) == logits.size(0) &&
                        labels.size(1) == logits.size(2) && labels.size(2) == logits.size(3) &&
                        labels.scalar_type() == torch::kInt64,
                    "cross_entropy: labels must be [B,H,W] int64 of logits ", logits.sizes(),
                    ", got ", labels.sizes(), " ", labels.scalar_type());
}

torch::Tensor weighted_nll(const torch::Tensor& log_probabilities, const torch::Tensor& labels,
                           const torch::Tensor& weights) {
  const auto [sum, total_weight] = at::nll_loss2d_forward(
      log_probabilities, labels,
      weights.defined() ? std::make_optional(weights) : std::nullopt, at::Reduction::Sum, kIgnored);
  // Without a pixel that counts both are 0: 0/1 keeps value and gradient at 0, with no look at the
  // device.
  return sum / torch::where(total_weight == 0, torch::ones_like(total_weight), total_weight);
}

}  // namespace

torch::Tensor flat_cross_entropy(const torch::Tensor& logits, const torch::Tensor& labels,
                                 const torch::Tensor& weights) {
  check_shapes(logits, labels);
  TORCH_CHECK_VALUE(!weights.defined() || (weights.dim() == 1 && weights.size(0) == logits.size(1)),
                    "cross_entropy: weights must be [K] of logits ", logits.sizes(), ", got ",
                    weights.defined() ? weights.sizes() : at::IntArrayRef());
  if (!has_kernel(logits)) {
    return weighted_nll(logits.log_softmax(1), labels, weights);
  }
  // An autograd function takes no undefined tensor: no weights are ones.
  const torch::Tensor class_weights = weights.defined()
                                          ? weights.to(logits.scalar_type()).contiguous()
                                          : at::ones({logits.size(1)}, logits.options());
  return CrossEntropyFunction::apply(
      losses::has_one_pixel_stride(logits) ? logits : logits.contiguous(), labels.contiguous(),
      class_weights);
}

torch::Tensor level_cross_entropy(const torch::Tensor& logits, const torch::Tensor& labels,
                                  const LevelFolder& folder, int k, bool all_nodes,
                                  const torch::Tensor& weights) {
  check_shapes(logits, labels);
  const torch::Tensor& nodes = folder.level_nodes(k);
  if (all_nodes) {
    return flat_cross_entropy(logits.index_select(1, nodes), labels, weights);
  }
  TORCH_CHECK_VALUE(logits.size(1) == folder.leaf_classes(k).size(0),
                    "cross_entropy: expected one channel a leaf (", folder.leaf_classes(k).size(0),
                    "), got logits ", logits.sizes());
  if (nodes.size(0) == logits.size(1)) {  // as many classes as leaves: the leaves, in their order
    return flat_cross_entropy(logits, labels, weights);
  }
  return weighted_nll(folder.log_sum(logits.log_softmax(1), k), labels, weights);
}

}  // namespace gyroseg
