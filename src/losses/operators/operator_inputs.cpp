#include "operator_inputs.h"

#include <algorithm>
#include <functional>

#include <ATen/Parallel.h>
#include <torch/types.h>

#include "manifolds/argument_checks.h"

namespace gyroseg::losses {
namespace {

at::ArrayRef<std::int64_t> numbers(const torch::Tensor& t) {
  return {t.const_data_ptr<std::int64_t>(), static_cast<std::size_t>(t.numel())};
}

void check_nodes(const char* op, const char* name, const torch::Tensor& t) {
  TORCH_CHECK_VALUE(t.dim() == 1 && t.scalar_type() == torch::kInt64, op, ": ", name,
                    " must have one dimension and be int64, got ", t.sym_sizes(), " ",
                    t.scalar_type());
}

}  // namespace

void check_inputs(const char* op, const torch::Tensor& logits, const torch::Tensor& labels,
                  const torch::Tensor& parent, const torch::Tensor& leaf_node) {
  detail::check_floating(op, "logits", logits);
  check_nodes(op, "parent", parent);
  check_nodes(op, "leaf_node", leaf_node);
  TORCH_CHECK_VALUE(logits.dim() == 4 && logits.sym_size(1) == parent.sym_size(0), op,
                    ": logits must be [B,V,H,W] with V = ", parent.sym_size(0),
                    " from parent, got ", logits.sym_sizes());
  TORCH_CHECK_VALUE(labels.dim() == 3 && labels.sym_size(0) == logits.sym_size(0) &&
                        labels.sym_size(1) == logits.sym_size(2) &&
                        labels.sym_size(2) == logits.sym_size(3) &&
                        labels.scalar_type() == torch::kInt64,
                    op, ": labels must be [B,H,W] int64 of logits ", logits.sym_sizes(), ", got ",
                    labels.sym_sizes(), " ", labels.scalar_type());
  TORCH_CHECK_VALUE(labels.device() == logits.device(), op, ": logits are on ", logits.device(),
                    ", labels on ", labels.device());
}

LabelTree leaf_tree(const char* op, const torch::Tensor& parent, const torch::Tensor& leaf_node) {
  const torch::Tensor parents = parent.to(torch::kCPU).contiguous();
  const torch::Tensor leaves = leaf_node.to(torch::kCPU).contiguous();
  LabelTree tree(op, numbers(parents), numbers(leaves));
  for (int i = 0; i < tree.labels; ++i) {
    const std::int64_t v = numbers(leaves)[i];
    TORCH_CHECK_VALUE(tree.children[v].empty(), op, ": leaf_node[", i, "] is node ", v,
                      ", which has children; expected a leaf");
  }
  return tree;
}

std::vector<std::int64_t> count_labels(const char* op, const torch::Tensor& labels, int classes,
                                       std::int64_t ignore) {
  const std::int64_t* label = labels.const_data_ptr<std::int64_t>();
  const std::size_t rows = static_cast<std::size_t>(classes) + 1;
  const auto wrong = [&](std::int64_t u) { return u != ignore && (u < 0 || u >= classes); };
  std::vector<std::vector<std::int64_t>> counts(at::get_num_threads(),
                                                std::vector<std::int64_t>(rows + 1, 0));
  at::parallel_for(0, labels.numel(), 32768, [&](std::int64_t begin, std::int64_t end) {
    std::vector<std::int64_t>& own = counts[at::get_thread_num()];
    for (std::int64_t i = begin; i < end; ++i) {
      const std::int64_t u = label[i];
      // The last entry counts what is wrong.
      ++own[u == ignore ? 0 : (wrong(u) ? rows : static_cast<std::size_t>(u) + 1)];
    }
  });
  for (std::size_t thread = 1; thread < counts.size(); ++thread) {
    std::transform(counts[thread].begin(), counts[thread].end(), counts[0].begin(),
                   counts[0].begin(), std::plus<>());
  }
  if (counts[0][rows] > 0) {
    const std::int64_t* first = std::find_if(label, label + labels.numel(), wrong);
    TORCH_CHECK_VALUE(false, op, ": expected labels in [0, ", classes, ") or ", ignore, ", got ",
                      *first, " at pixel ", first - label);
  }
  counts[0].pop_back();
  return counts[0];
}

torch::Tensor label_rows(const torch::Tensor& labels, std::int64_t ignore) {
  return (labels + 1).masked_fill(labels == ignore, 0);
}

torch::Tensor path_table(const LabelTree& tree, const torch::Device& device) {
  torch::Tensor table = torch::zeros({tree.nodes, tree.rows()}, torch::kBool);
  bool* entry = table.mutable_data_ptr<bool>();
  for (int v = 0; v < tree.nodes; ++v) {
    for (int row = 1; row < tree.rows(); ++row) {
      entry[v * tree.rows() + row] = tree.on_path(v, row);
    }
  }
  return table.to(device);
}

}  // namespace gyroseg::losses
