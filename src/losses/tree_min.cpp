#include "gyroseg/losses/tree_min.h"

#include <torch/csrc/autograd/custom_function.h>

#include "pixel_tiles.h"
#include "tree_min_kernel.h"

namespace gyroseg {
namespace {

using losses::TreeMinPlan;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

class TreeMinFunction : public torch::autograd::Function<TreeMinFunction> {
 public:
  static torch::Tensor forward(AutogradContext* ctx, const torch::Tensor& logits,
                               const torch::Tensor& labels,
                               const c10::intrusive_ptr<TreeMinPlan>& plan, double gamma) {
    ctx->save_for_backward({logits, labels});
    ctx->saved_data["plan"] =
        c10::IValue::make_capsule(c10::intrusive_ptr<torch::CustomClassHolder>(plan));
    ctx->saved_data["gamma"] = gamma;
    return torch::scalar_tensor(losses::tree_min_forward(logits, labels, *plan, gamma),
                                logits.options());
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
    return {losses::tree_min_backward(saved[0], saved[1], *plan,
                                      ctx->saved_data["gamma"].toDouble(),
                                      outputs[0].item<double>()),
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

torch::Tensor widen(const torch::Tensor& logits) {
  return at::isReducedFloatingType(logits.scalar_type()) ? logits.to(torch::kFloat32) : logits;
}

/// sigmoid(x)^gamma softplus(x). log_sigmoid keeps value and derivative exact at both ends and 0.
torch::Tensor focal_softplus(const torch::Tensor& x, double gamma) {
  const torch::Tensor softplus = -torch::log_sigmoid(-x);
  return gamma == 0 ? softplus : (gamma * torch::log_sigmoid(x)).exp() * softplus;
}

/// Minima over the ancestors, [B,H,W] a node; `where` sends a tie's gradient to the node itself.
std::vector<torch::Tensor> ancestor_minima(const torch::Tensor& logits, const Hierarchy& tree) {
  std::vector<torch::Tensor> minima(tree.num_nodes());
  const auto visit = [&](int v) {
    const torch::Tensor own = logits.select(1, v);
    const int p = tree.parent(v);
    minima[v] = p < 0 ? own : torch::where(minima[p] < own, minima[p], own);
  };
  for (int v = tree.num_leaves(); v < tree.num_nodes(); ++v) {
    visit(v);
  }
  for (int v = 0; v < tree.num_leaves(); ++v) {
    visit(v);
  }
  return minima;
}

/// Maxima over the descendants, [B,H,W] a node; among equals the nearest one has the gradient.
std::vector<torch::Tensor> descendant_maxima(const torch::Tensor& logits, const Hierarchy& tree) {
  std::vector<torch::Tensor> maxima(tree.num_nodes());
  std::vector<torch::Tensor> depths(tree.num_nodes());
  const auto visit = [&](int v) {
    maxima[v] = logits.select(1, v);
    depths[v] = torch::full_like(maxima[v], tree.depth(v));
    for (const int c : tree.children(v)) {
      const torch::Tensor nearer = (maxima[c] == maxima[v]) & (depths[c] < depths[v]);
      const torch::Tensor better = (maxima[c] > maxima[v]) | nearer;
      maxima[v] = torch::where(better, maxima[c], maxima[v]);
      depths[v] = torch::where(better, depths[c], depths[v]);
    }
  };
  for (int v = 0; v < tree.num_leaves(); ++v) {
    visit(v);
  }
  for (int v = tree.num_nodes() - 1; v >= tree.num_leaves(); --v) {
    visit(v);
  }
  return maxima;
}

}  // namespace

torch::Tensor tree_min_loss(const torch::Tensor& logits, const torch::Tensor& labels,
                            const Hierarchy& tree, double gamma) {
  check(logits, labels, tree, gamma);
  if (!logits.is_cpu()) {
    return tree_min_loss_composite(logits, labels, tree, gamma);
  }
  const torch::Tensor wide = widen(logits);
  const torch::Tensor rows = labels.contiguous();
  const auto plan =
      c10::make_intrusive<TreeMinPlan>(tree, losses::count_labels(rows, tree.num_nodes()));
  return TreeMinFunction::apply(losses::has_one_pixel_stride(wide) ? wide : wide.contiguous(),
                                rows, plan, gamma);
}

torch::Tensor tree_min_loss_composite(const torch::Tensor& logits, const torch::Tensor& labels,
                                      const Hierarchy& tree, double gamma) {
  check(logits, labels, tree, gamma);
  const torch::Tensor wide = widen(logits);
  const std::vector<torch::Tensor> minima = ancestor_minima(wide, tree);
  const std::vector<torch::Tensor> maxima = descendant_maxima(wide, tree);
  // Row u + 1 of a table belongs to label u, row 0 to kIgnored.
  const int nodes = tree.num_nodes();
  torch::Tensor on_path = torch::zeros({nodes, nodes + 1}, torch::kBool);
  torch::Tensor levels_known = torch::zeros({nodes + 1}, torch::kInt64);
  for (int u = 0; u < nodes; ++u) {
    for (const int a : tree.ancestors(u)) {
      on_path[a][u + 1] = true;
    }
    levels_known[u + 1] = tree.is_leaf(u) ? tree.num_levels() : tree.depth(u);
  }
  on_path = on_path.to(logits.device());
  const torch::Tensor rows = (labels + 1).flatten();
  const torch::Tensor known =
      levels_known.to(logits.device()).index_select(0, rows).view(labels.sizes());
  std::vector<torch::Tensor> terms;
  for (int v = 0; v < nodes; ++v) {
    const torch::Tensor on = on_path[v].index_select(0, rows).view(labels.sizes());
    terms.push_back(torch::where(on, focal_softplus(-minima[v], gamma),
                                 focal_softplus(maxima[v], gamma)));
  }
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
