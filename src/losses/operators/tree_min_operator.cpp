#include <numeric>

#include <torch/library.h>
#include <torch/types.h>

#include "manifolds/kernels/double_backward.h"
#include "manifolds/kernels/operator_arguments.h"
#include "manifolds/kernels/operator_handle.h"
#include "operator_inputs.h"
#include "pixel_tiles.h"
#include "tree_min_composite.h"
#include "tree_min_kernel.h"

// gyroseg::tree_min_loss: every node's tree-min term, averaged over the valid pixels, [V]. The term
// of a level is the mean over its nodes: those at its depth, and the leaves above it.
namespace gyroseg::losses {
namespace {

using torch::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr const char* kName = "tree_min_loss";

using Forward = Tensor(const Tensor&, const Tensor&, const Tensor&, const Tensor&, double,
                       std::int64_t);
using Backward = Tensor(const Tensor&, const Tensor&, const Tensor&, const Tensor&, const Tensor&,
                        double, std::int64_t);

void check(const Tensor& logits, const Tensor& labels, const Tensor& parent,
           const Tensor& leaf_node, double gamma) {
  check_inputs(kName, logits, labels, parent, leaf_node);
  TORCH_CHECK_VALUE(gamma >= 0, kName, ": expected gamma >= 0, got ", gamma);
}

/// Every weight 1/N, 0 without a valid pixel.
TreeMinPlan mean_plan(LabelTree tree, const Tensor& labels, std::int64_t ignore) {
  const auto counts = count_labels(kName, labels, tree.labels, ignore);
  const auto pixels = std::accumulate(counts.begin() + 1, counts.end(), std::int64_t{0});
  std::vector<double> weight(tree.nodes * counts.size(),
                             pixels > 0 ? 1.0 / static_cast<double>(pixels) : 0.0);
  for (int v = 0; v < tree.nodes; ++v) {
    weight[v * counts.size()] = 0.0;
  }
  return {std::move(tree), std::move(weight), ignore};
}

Tensor forward_cpu(const Tensor& logits, const Tensor& labels, const Tensor& parent,
                   const Tensor& leaf_node, double gamma, std::int64_t ignore) {
  check(logits, labels, parent, leaf_node, gamma);
  const Tensor rows = labels.contiguous();
  const TreeMinPlan plan = mean_plan(leaf_tree(kName, parent, leaf_node), rows, ignore);
  const std::vector<double> sums = tree_min_forward(with_one_pixel_stride(logits), rows, plan, gamma);
  return at::tensor(sums, torch::kFloat64).to(logits.scalar_type());
}

Tensor backward_cpu(const Tensor& grad, const Tensor& logits, const Tensor& labels,
                    const Tensor& parent, const Tensor& leaf_node, double gamma,
                    std::int64_t ignore) {
  check(logits, labels, parent, leaf_node, gamma);
  const Tensor rows = labels.contiguous();
  const TreeMinPlan plan = mean_plan(leaf_tree(kName, parent, leaf_node), rows, ignore);
  const Tensor by_node = grad.to(torch::kFloat64).contiguous();
  const double* scale = by_node.const_data_ptr<double>();
  const Tensor gradient = tree_min_backward(with_one_pixel_stride(logits), rows, plan, gamma,
                                            std::vector<double>(scale, scale + plan.tree.nodes));
  return detail::laid_out_like(logits, gradient);
}

Tensor forward_composite(const Tensor& logits, const Tensor& labels, const Tensor& parent,
                         const Tensor& leaf_node, double gamma, std::int64_t ignore) {
  check(logits, labels, parent, leaf_node, gamma);
  return tree_min_composite(logits, labels, leaf_tree(kName, parent, leaf_node), gamma, ignore);
}

Tensor backward_composite(const Tensor& grad, const Tensor& logits, const Tensor& labels,
                          const Tensor& parent, const Tensor& leaf_node, double gamma,
                          std::int64_t ignore) {
  check(logits, labels, parent, leaf_node, gamma);
  const LabelTree tree = leaf_tree(kName, parent, leaf_node);
  return detail::laid_out_like(
      logits, tree_min_composite_backward(grad, logits, labels, tree, gamma, ignore));
}

Tensor forward_meta(const Tensor& logits, const Tensor& labels, const Tensor& parent,
                    const Tensor& leaf_node, double gamma, std::int64_t) {
  check(logits, labels, parent, leaf_node, gamma);
  return at::empty_symint({logits.sym_size(1)}, logits.options());
}

Tensor backward_meta(const Tensor&, const Tensor& logits, const Tensor&, const Tensor&,
                     const Tensor&, double, std::int64_t) {
  return at::empty_like(logits);
}

class TreeMinOperator : public torch::autograd::Function<TreeMinOperator> {
 public:
  static Tensor forward(AutogradContext* ctx, const Tensor& logits, const Tensor& labels,
                        const Tensor& parent, const Tensor& leaf_node, double gamma,
                        std::int64_t ignore) {
    static const auto call = detail::operator_handle<Forward>(kName);
    at::AutoDispatchBelowADInplaceOrView below;
    ctx->save_for_backward({logits, labels, parent, leaf_node});
    ctx->saved_data["gamma"] = gamma;
    ctx->saved_data["ignore"] = ignore;
    return call.call(logits, labels, parent, leaf_node, gamma, ignore);
  }

  static variable_list backward(AutogradContext* ctx, const variable_list& grads) {
    static const auto call = detail::operator_handle<Backward>("tree_min_loss_backward");
    const variable_list saved = ctx->get_saved_variables();
    at::AutoDispatchBelowADInplaceOrView below;
    const Tensor gradient =
        call.call(grads[0], saved[0], saved[1], saved[2], saved[3],
                  ctx->saved_data["gamma"].toDouble(), ctx->saved_data["ignore"].toInt());
    return detail::refuse_double_backward(
        kName, {gradient, Tensor(), Tensor(), Tensor(), Tensor(), Tensor()}, saved, grads);
  }
};

Tensor forward_autograd(const Tensor& logits, const Tensor& labels, const Tensor& parent,
                        const Tensor& leaf_node, double gamma, std::int64_t ignore) {
  return TreeMinOperator::apply(logits, labels, parent, leaf_node, gamma, ignore);
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(gyroseg, library) {
  library.def(
      "tree_min_loss(Tensor logits, Tensor labels, Tensor parent, Tensor leaf_node, float gamma, "
      "int ignore_index) -> Tensor",
      {at::Tag::pt2_compliant_tag});
  library.def(
      "tree_min_loss_backward(Tensor grad, Tensor logits, Tensor labels, Tensor parent, "
      "Tensor leaf_node, float gamma, int ignore_index) -> Tensor",
      {at::Tag::pt2_compliant_tag});
  const auto implement = [&](c10::DispatchKey key, Forward* forward, Backward* backward) {
    library.impl("tree_min_loss", torch::dispatch(key, forward));
    library.impl("tree_min_loss_backward", torch::dispatch(key, backward));
  };
  implement(c10::DispatchKey::CPU, &forward_cpu, &backward_cpu);
  implement(c10::DispatchKey::Meta, &forward_meta, &backward_meta);
  implement(c10::DispatchKey::CompositeExplicitAutograd, &forward_composite, &backward_composite);
  library.impl("tree_min_loss", torch::dispatch(c10::DispatchKey::Autograd, &forward_autograd));
}

}  // namespace gyroseg::losses
