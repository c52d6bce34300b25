#pragma once

#include <random>

#include <torch/torch.h>

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
