#include "gyroseg/losses/tree_min.h"

#include <torch/csrc/autograd/custom_function.h>

#include "operators/operator_inputs.h"
#include "operators/tree_min_composite.h"
#include "operators/tree_min_kernel.h"
#include "pixel_tiles.h"
#include "tree_min_plan.h"

namespace gyroseg {
namespace {

using losses::TreeMinPlan;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// The operator's kernel with the levels' means as weights, and the sum over the nodes.
class TreeMinFunction : public torch::autograd::Function<TreeMinFunction> {
 public:
  static torch::Tensor forward(AutogradContext* ctx, const torch::Tensor& logits,
                               const torch::Tensor& labels,
                               const c10::intrusive_ptr<TreeMinPlan>& plan, double gamma) {
    ctx->save_for_backward({logits, labels});
    ctx->saved_data["plan"] =
        c10::IValue::make_capsule(c10::intrusive_ptr<torch::CustomClassHolder>(plan));
    ctx->saved_data["gamma"] = gamma;
    double total = 0.0;
    for (const double term : losses::tree_min_forward(logits, labels, *plan, gamma)) {
      total += term;
    }
    const torch::Dtype dtype = at::promote_types(logits.scalar_type(), torch::kFloat32);
    return torch::scalar_tensor(total, logits.options().dtype(dtype));
  }

  // The gradient is computed here, from the logits: keeping it from the forward pass would hold as
  // much memory again and still need a pass over it to scale it.
  static variable_list backward(AutogradContext* ctx, const variable_list& outputs) {
    TORCH_CHECK_NOT_IMPLEMENTED(!torch::GradMode::is_enabled(),
                                "tree_min_loss has no second derivative on the CPU; use "
                                "tree_min_loss_composite");
    const variable_list saved = ctx->get_saved_variables();
    const auto plan = c10::static_intrusive_pointer_cast<TreeMinPlan>(
        ctx->saved_data["plan"].toCapsule());
    const std::vector<double> scale(plan->tree.nodes, outputs[0].item<double>());
    return {losses::tree_min_backward(saved[0], saved[1], *plan,
                                      ctx->saved_data["gamma"].toDouble(), scale),
            {},
            {},
            {}};
  }
};

void check(const torch::Tensor& logits, const torch::Tensor& labels, const Hierarchy& tree,
           double gamma) {
  TORCH_CHECK_VALUE(logits.dim() == 4 && logits.size(1) == tree.num_nodes(),
                    "tree_min_loss: logits must be [B,V,H,W] with V = ", tree.num_nodes(),
                    " nodes, got ", logits.sizes());
  TORCH_CHECK_VALUE(labels.dim() == 3 && labels.size(0) == logits.size(0) &&
                        labels.size(1) == logits.size(2) && labels.size(2) == logits.size(3) &&
                        labels.scalar_type() == torch::kInt64,
                    "tree_min_loss: labels must be [B,H,W] int64 of logits ", logits.sizes(),
                    ", got ", labels.sizes(), " ", labels.scalar_type());
  TORCH_CHECK_VALUE(gamma >= 0, "tree_min_loss: expected gamma >= 0, got ", gamma);
}

}  // namespace

torch::Tensor tree_min_loss(const torch::Tensor& logits, const torch::Tensor& labels,
                            const Hierarchy& tree, double gamma) {
  check(logits, labels, tree, gamma);
  if (!logits.is_cpu()) {
    return tree_min_loss_composite(logits, labels, tree, gamma);
  }
  const torch::Tensor rows = labels.contiguous();
  const auto counts = losses::count_labels("tree_min_loss", rows, tree.num_nodes(), kIgnored);
  const auto plan = c10::make_intrusive<TreeMinPlan>(
      losses::label_tree(tree), losses::level_weights(tree, counts), kIgnored);
  return TreeMinFunction::apply(losses::with_one_pixel_stride(logits), rows, plan, gamma);
}

torch::Tensor tree_min_loss_composite(const torch::Tensor& logits, const torch::Tensor& labels,
                                      const Hierarchy& tree, double gamma) {
  check(logits, labels, tree, gamma);
  const torch::Tensor wide =
      logits.to(at::promote_types(logits.scalar_type(), torch::kFloat32));
  const torch::Tensor rows = losses::label_rows(labels, kIgnored);
  const std::vector<torch::Tensor> terms =
      losses::tree_min_terms(wide, rows, losses::label_tree(tree), gamma);
  torch::Tensor levels_known = torch::zeros({tree.num_nodes() + 1}, torch::kInt64);
  for (int u = 0; u < tree.num_nodes(); ++u) {
    levels_known[u + 1] = tree.is_leaf(u) ? tree.num_levels() : tree.depth(u);
  }
  const torch::Tensor known =
      levels_known.to(logits.device()).index_select(0, rows.flatten()).view(labels.sizes());
  torch::Tensor total = torch::zeros({}, wide.options().dtype(torch::kFloat64));
  for (int k = 1; k <= tree.num_levels(); ++k) {
    const torch::Tensor valid = known >= k;
    const torch::Tensor channels_pixels =
        valid.sum().clamp_min(1) * static_cast<std::int64_t>(tree.level(k).size());
    for (const int v : tree.level(k)) {
      total = total + terms[v].masked_fill(~valid, 0).sum(torch::kFloat64) / channels_pixels;
    }
  }
  return total.to(wide.scalar_type());
}

}  // namespace gyroseg
