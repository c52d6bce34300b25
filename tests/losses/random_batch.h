#pragma once

#include <random>
#include <vector>

#include <torch/csrc/autograd/autograd.h>
#include <torch/types.h>

#include "gyroseg/hierarchy/hierarchy.h"
#include "support/trees.h"

namespace gyroseg::testing {

/// A random tree of exactly `height` levels with an inner node, at most 14 nodes.
inline Hierarchy tree_of_height(int height, unsigned seed) {
  std::mt19937 random(seed);
  while (true) {
    Hierarchy tree(random_tree(random, height));
    if (tree.num_levels() == height && tree.num_nodes() <= 14 && tree.num_leaves() >= 2) {
      return tree;
    }
  }
}

/// Labels in [0, classes), about one in six ignored.
inline torch::Tensor random_labels(int classes, at::IntArrayRef size, unsigned seed) {
  std::mt19937 random(seed);
  torch::Tensor labels = torch::empty(size, torch::kInt64);
  std::int64_t* label = labels.mutable_data_ptr<std::int64_t>();
  for (std::int64_t i = 0; i < labels.numel(); ++i) {
    label[i] = random() % 6 == 0 ? kIgnored : static_cast<std::int64_t>(random() % classes);
  }
  return labels;
}

/// Standard normal times `spread`: ties have probability 0.
inline torch::Tensor random_logits(at::IntArrayRef size, torch::Dtype dtype, int seed,
                                   double spread = 2.0) {
  auto generator = at::detail::createCPUGenerator(seed);
  return (torch::randn(size, generator, torch::kFloat64) * spread).to(dtype);
}

/// The pixels of logits [B,K,H,W] as rows of K numbers, for plain loops.
inline std::vector<std::vector<double>> pixel_rows(const torch::Tensor& logits) {
  const torch::Tensor rows =
      logits.to(torch::kFloat64).permute({0, 2, 3, 1}).reshape({-1, logits.size(1)}).contiguous();
  const double* data = rows.const_data_ptr<double>();
  std::vector<std::vector<double>> result;
  for (std::int64_t i = 0; i < rows.size(0); ++i) {
    result.emplace_back(data + i * rows.size(1), data + (i + 1) * rows.size(1));
  }
  return result;
}

inline std::vector<std::int64_t> pixel_labels(const torch::Tensor& labels) {
  const torch::Tensor flat = labels.contiguous();
  const std::int64_t* data = flat.const_data_ptr<std::int64_t>();
  return {data, data + flat.numel()};
}

inline double largest(const torch::Tensor& difference) {
  return difference.abs().max().item<double>();
}

/// The gradient of f at a fresh copy of x that keeps x's strides.
template <typename F>
torch::Tensor gradient(const F& f, const torch::Tensor& x) {
  const torch::Tensor leaf = x.detach().clone(at::MemoryFormat::Preserve).requires_grad_(true);
  return torch::autograd::grad({f(leaf)}, {leaf})[0];
}

}  // namespace gyroseg::testing
