#include "tree_min_composite.h"

#include <functional>

#include <torch/types.h>

#include "operator_inputs.h"

namespace gyroseg::losses {
namespace {

using torch::Tensor;

/// A running minimum or maximum [B,H,W] and the node that holds it.
struct Extreme {
  Tensor value;
  Tensor holder;
};

/// Minima over the ancestors; a tie stays with the node itself, and so does a NaN.
std::vector<Extreme> ancestor_minima(const Tensor& logits, const LabelTree& tree) {
  std::vector<Extreme> minima(tree.nodes);
  for (const int v : tree.order) {
    const Tensor own = logits.select(1, v);
    minima[v] = {own, at::full_like(own, v, torch::kInt64)};
    if (tree.parent[v] >= 0) {
      const Extreme& up = minima[tree.parent[v]];
      const Tensor above = up.value < own;
      minima[v] = {at::where(above, up.value, own), at::where(above, up.holder, minima[v].holder)};
    }
  }
  return minima;
}

/// Maxima over the descendants; among equals the nearest one holds it.
std::vector<Extreme> descendant_maxima(const Tensor& logits, const LabelTree& tree) {
  std::vector<Extreme> maxima(tree.nodes);
  std::vector<Tensor> depths(tree.nodes);
  for (auto node = tree.order.rbegin(); node != tree.order.rend(); ++node) {
    const int v = *node;
    Extreme best{logits.select(1, v), at::full_like(logits.select(1, v), v, torch::kInt64)};
    Tensor depth = at::full_like(best.holder, tree.depth[v]);
    for (const int c : tree.children[v]) {
      const Tensor nearer = (maxima[c].value == best.value) & (depths[c] < depth);
      const Tensor better = (maxima[c].value > best.value) | nearer;
      best = {at::where(better, maxima[c].value, best.value),
              at::where(better, maxima[c].holder, best.holder)};
      depth = at::where(better, depths[c], depth);
    }
    maxima[v] = best;
    depths[v] = depth;
  }
  return maxima;
}

/// Calls body(v, holder [B,1,H,W], on path [B,1,H,W] bool) for every node.
void for_each_node(const Tensor& logits, const Tensor& rows, const LabelTree& tree,
                   const std::function<void(int, const Tensor&, const Tensor&)>& body) {
  const std::vector<Extreme> minima = ancestor_minima(logits.detach(), tree);
  const std::vector<Extreme> maxima = descendant_maxima(logits.detach(), tree);
  const Tensor table = path_table(tree, logits.device());
  const Tensor flat = rows.flatten();
  for (int v = 0; v < tree.nodes; ++v) {
    const Tensor on = table[v].index_select(0, flat).view(rows.sizes());
    body(v, at::where(on, minima[v].holder, maxima[v].holder).unsqueeze(1), on.unsqueeze(1));
  }
}

/// The terms' x [B,1,H,W], 0 where a pixel takes no part.
Tensor argument(const Tensor& logits, const Tensor& holder, const Tensor& on, const Tensor& valid) {
  const Tensor z = logits.gather(1, holder);
  return at::where(on, -z, z).masked_fill(~valid, 0);
}

/// log_sigmoid keeps value and derivative exact at both ends and 0.
Tensor focal_softplus_of(const Tensor& x, double gamma) {
  const Tensor softplus = -at::log_sigmoid(-x);
  return gamma == 0 ? softplus : (gamma * at::log_sigmoid(x)).exp() * softplus;
}

Tensor focal_derivative(const Tensor& x, double gamma) {
  const Tensor softplus = -at::log_sigmoid(-x);
  const Tensor focus = (gamma * at::log_sigmoid(x)).exp();
  return focus * (gamma * at::sigmoid(-x) * softplus + at::sigmoid(x));
}

Tensor widened(const Tensor& logits) {
  return logits.to(at::promote_types(logits.scalar_type(), torch::kFloat32));
}

}  // namespace

std::vector<Tensor> tree_min_terms(const Tensor& logits, const Tensor& rows, const LabelTree& tree,
                                   double gamma) {
  const Tensor valid = (rows > 0).unsqueeze(1);
  std::vector<Tensor> terms;
  for_each_node(logits, rows, tree, [&](int, const Tensor& holder, const Tensor& on) {
    const Tensor x = argument(logits, holder, on, valid);
    terms.push_back(focal_softplus_of(x, gamma).masked_fill(~valid, 0).squeeze(1));
  });
  return terms;
}

Tensor tree_min_composite(const Tensor& logits, const Tensor& labels, const LabelTree& tree,
                          double gamma, std::int64_t ignore) {
  const Tensor rows = label_rows(labels, ignore);
  std::vector<Tensor> sums;
  for (const Tensor& term : tree_min_terms(widened(logits), rows, tree, gamma)) {
    sums.push_back(term.sum(torch::kFloat64));
  }
  const Tensor pixels = (rows > 0).sum().clamp_min(1);
  return (at::stack(sums) / pixels).to(logits.scalar_type());
}

Tensor tree_min_composite_backward(const Tensor& grad, const Tensor& logits, const Tensor& labels,
                                   const LabelTree& tree, double gamma, std::int64_t ignore) {
  const Tensor wide = widened(logits);
  const Tensor rows = label_rows(labels, ignore);
  const Tensor valid = (rows > 0).unsqueeze(1);
  const Tensor share = grad.to(torch::kFloat64) / valid.sum().clamp_min(1);
  Tensor gradient = at::zeros_like(wide);
  for_each_node(wide, rows, tree, [&](int v, const Tensor& holder, const Tensor& on) {
    const Tensor slope = focal_derivative(argument(wide, holder, on, valid), gamma);
    const Tensor by_x = (share[v].to(wide.scalar_type()) * slope).masked_fill(~valid, 0);
    gradient.scatter_add_(1, holder, at::where(on, -by_x, by_x));
  });
  return gradient.to(logits.scalar_type());
}

}  // namespace gyroseg::losses
