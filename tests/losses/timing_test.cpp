#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <functional>
#include <string>

#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/nn/functional/loss.h>
#include <torch/types.h>
#include <torch/utils.h>

#include "gyroseg/losses/cross_entropy.h"
#include "gyroseg/losses/tree_min.h"
#include "random_batch.h"

// Figures, not checks: test_losses --gtest_also_run_disabled_tests --gtest_filter='*Timing*'
namespace gyroseg::timing_test {

/// Tree-min as earlier systems write it: one-hot labels, sigmoids, one stack of ancestors or
/// descendants a node, eps inside the logarithms.
torch::Tensor eager_tree_min(const torch::Tensor& logits, const torch::Tensor& labels,
                             const Hierarchy& tree, double gamma) {
  const torch::Tensor s = logits.sigmoid();
  const torch::Tensor valid = labels.ge(0);
  torch::Tensor target = torch::zeros_like(logits);
  for (int u = 0; u < tree.num_leaves(); ++u) {
    for (const int v : tree.ancestors(u)) {
      target.select(1, v).masked_fill_(labels.eq(u), 1.0);
    }
  }
  std::vector<torch::Tensor> low;
  std::vector<torch::Tensor> high;
  for (int v = 0; v < tree.num_nodes(); ++v) {
    std::vector<torch::Tensor> above;
    std::vector<torch::Tensor> below;
    for (int u = 0; u < tree.num_nodes(); ++u) {
      const std::vector<int> of_u = tree.ancestors(u);
      const std::vector<int> of_v = tree.ancestors(v);
      if (std::find(of_v.begin(), of_v.end(), u) != of_v.end()) {
        above.push_back(s.select(1, u));
      }
      if (std::find(of_u.begin(), of_u.end(), v) != of_u.end()) {
        below.push_back(s.select(1, u));
      }
    }
    low.push_back(std::get<0>(torch::stack(above, 1).min(1)));
    high.push_back(std::get<0>(torch::stack(below, 1).max(1)));
  }
  const torch::Tensor p = torch::stack(low, 1);
  const torch::Tensor q = torch::stack(high, 1);
  torch::Tensor on = target * (p + 1e-8).log();
  torch::Tensor off = (1 - target) * (1 - q + 1e-8).log();
  if (gamma > 0) {
    on = on * (1 - p).pow(gamma);
    off = off * q.pow(gamma);
  }
  torch::Tensor term = -on - off;
  term = term * valid.unsqueeze(1);
  torch::Tensor total = torch::zeros({});
  for (int k = 1; k <= tree.num_levels(); ++k) {
    const torch::Tensor nodes = torch::tensor(
        std::vector<std::int64_t>(tree.level(k).begin(), tree.level(k).end()), torch::kInt64);
    total = total + term.index_select(1, nodes).sum() / (valid.sum() * nodes.size(0));
  }
  return total;
}

double peak_mib() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.rfind("VmHWM:", 0) == 0) {
      return std::stod(line.substr(6)) / 1024;
    }
  }
  return 0;
}

using Loss = std::function<torch::Tensor(const torch::Tensor&)>;

void measure(const std::string& name, const Loss& loss, const torch::Tensor& logits, int repeats) {
  const torch::Tensor leaf = logits.detach().requires_grad_(true);
  std::vector<double> forward;
  std::vector<double> backward;
  std::ofstream("/proc/self/clear_refs") << "5";  // VmHWM starts again from what is resident now
  const double before = peak_mib();
  double value = 0;
  for (int i = 0; i < repeats; ++i) {
    const auto start = std::chrono::steady_clock::now();
    const torch::Tensor result = loss(leaf);
    const auto middle = std::chrono::steady_clock::now();
    const auto gradient = torch::autograd::grad({result}, {leaf});
    const auto end = std::chrono::steady_clock::now();
    value = result.item<double>();
    forward.push_back(std::chrono::duration<double, std::milli>(middle - start).count());
    backward.push_back(std::chrono::duration<double, std::milli>(end - middle).count());
  }
  std::sort(forward.begin(), forward.end());
  std::sort(backward.begin(), backward.end());
  const std::size_t middle = forward.size() / 2;
  std::printf("%-34s forward %8.2f ms  backward %8.2f ms  peak %7.1f MiB  value %.6f\n",
              name.c_str(), forward[middle], backward[middle], peak_mib() - before, value);
}

/// `leaves` leaves in groups of three to five, in two or three further levels.
Hierarchy wide_tree(int nodes) {
  if (nodes == 11) {  // 8 leaves, 3 categories
    return Hierarchy({{inner("a", {node("a1"), node("a2"), node("a3")}),
                       inner("b", {node("b1"), node("b2"), node("b3")}),
                       inner("c", {node("c1"), node("c2")})},
                      {}});
  }
  std::vector<NodeSpec> tops;  // Cityscapes' size: 19 leaves, 7 categories
  const int sizes[] = {2, 3, 3, 1, 1, 2, 7};
  for (int i = 0; i < 7; ++i) {
    std::vector<NodeSpec> leaves;
    for (int j = 0; j < sizes[i]; ++j) {
      leaves.push_back(node(std::to_string(10 * i + j)));
    }
    tops.push_back(inner(std::string(1, static_cast<char>('a' + i)), leaves));
  }
  return Hierarchy({tops, {}});
}

TEST(Timing, DISABLED_AgainstEager) {
  for (const auto& [nodes, h, w] : {std::array{11, 184, 240}, std::array{26, 256, 256}}) {
    const Hierarchy tree = wide_tree(nodes);
    ASSERT_EQ(tree.num_nodes(), nodes);
    const torch::Tensor logits = testing::random_logits({8, nodes, h, w}, torch::kFloat32, 1);
    const torch::Tensor last = logits.contiguous(at::MemoryFormat::ChannelsLast);
    const torch::Tensor labels = testing::random_labels(tree.num_leaves(), {8, h, w}, 1);
    std::printf("[8,%d,%d,%d], %d threads\n", nodes, h, w, at::get_num_threads());
    namespace F = torch::nn::functional;
    const auto ours = [&](const torch::Tensor& z) { return flat_cross_entropy(z, labels); };
    const auto theirs = [&](const torch::Tensor& z) {
      return F::cross_entropy(z, labels, F::CrossEntropyFuncOptions().ignore_index(kIgnored));
    };
    measure("cross_entropy", ours, logits, 9);
    measure("cross_entropy channels_last", ours, last, 9);
    measure("torch cross_entropy", theirs, logits, 9);
    measure("torch cross_entropy channels_last", theirs, last, 9);
    for (const double gamma : {0.0, 2.0, 1.5}) {
      const std::string suffix = " gamma " + std::to_string(gamma).substr(0, 3);
      const auto with = [&, g = gamma](auto* loss) {
        return Loss([&, g, loss](const torch::Tensor& z) { return loss(z, labels, tree, g); });
      };
      const Loss fused = with(&tree_min_loss);
      const Loss composite = with(&tree_min_loss_composite);
      const Loss eager = with(&eager_tree_min);
      measure("tree_min" + suffix, fused, logits, 9);
      measure("tree_min channels_last" + suffix, fused, last, 9);
      measure("tree_min composite" + suffix, composite, logits, 3);
      measure("tree_min eager" + suffix, eager, logits, 3);
    }
  }
}

}  // namespace gyroseg::timing_test
