#include "gyroseg/losses/rmi.h"

#include <vector>

#include <torch/types.h>

#include "operators/rmi_operator.h"

namespace gyroseg {
namespace {

losses::RmiSettings settings_of(const RmiOptions& options) {
  const std::string& way = options.pool_way;
  TORCH_CHECK_VALUE(way == "max" || way == "avg" || way == "stride",
                    "rmi_loss: expected pool_way max | avg | stride, got ", way);
  return {options.radius, way == "stride" ? 1 : options.pool_size, options.pool_stride,
          way == "avg", kIgnored};
}

}  // namespace

torch::Tensor rmi_loss(const torch::Tensor& logits, const torch::Tensor& labels,
                       const Hierarchy& tree, const RmiOptions& options) {
  const int leaves = tree.num_leaves();
  std::vector<std::int64_t> parents;
  for (int v = 0; v < tree.num_nodes(); ++v) {
    parents.push_back(tree.parent(v));
  }
  const torch::Tensor of_leaves =
      labels.masked_fill(labels.ge(leaves) & labels.lt(tree.num_nodes()), kIgnored);
  return losses::rmi_terms(logits, of_leaves, torch::tensor(parents, torch::kInt64),
                           torch::arange(leaves, torch::kInt64), settings_of(options));
}

torch::Tensor reduce_rmi(const torch::Tensor& terms, const Hierarchy& tree,
                         const std::string& reduction) {
  TORCH_CHECK_VALUE(reduction == "sum" || reduction == "level_mean",
                    "rmi: expected reduction sum | level_mean, got ", reduction);
  if (reduction == "sum") {
    return terms.sum();
  }
  std::vector<double> weights(tree.num_nodes(), 0.0);
  for (int k = 1; k <= tree.num_levels(); ++k) {
    for (const int v : tree.level(k)) {
      weights[v] += 1.0 / static_cast<double>(tree.level(k).size());
    }
  }
  return (terms * torch::tensor(weights, torch::kFloat64).to(terms.options())).sum();
}

}  // namespace gyroseg
