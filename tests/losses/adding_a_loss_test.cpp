// The example of docs/adding_a_loss.md, line by line.
#include <ATen/ops/einsum.h>
#include <ATen/ops/softmax.h>
#include <gtest/gtest.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <cmath>
#include <vector>

#include "../../src/losses/term_kinds.h"
#include "gyroseg/losses/level_probabilities.h"
#include "random_batch.h"
#include "support/document_lines.h"
#include "support/gradient_check.h"
#include "support/value_error.h"

namespace gyroseg::adding_a_loss_test {

using losses::LossBatch;
using losses::Measured;
using testing::random_labels;
using testing::random_logits;

// doc begin
/// Cross entropy against soft labels: to a pixel of class y, class c is true in the share
/// exp(-beta psi(y,c)) / sum_k exp(-beta psi(y,k)), so that near misses cost less.
///
///   log_probabilities  [B,C,H,W] of the leaves;  labels [B,H,W] int64 in [0, C), or kIgnored
///   distances          [C,C], psi: edges between two leaves
///   beta               > 0; infinity is cross entropy
///   returns            scalar; exactly 0 with a zero gradient where no pixel counts
///   Throws             c10::ValueError on wrong shapes or beta <= 0
///   Source             Bertinetto et al. 2020 (1912.09393), "soft labels". Differs: psi, where
///                      they take the height of the lowest common ancestor
torch::Tensor soft_label_loss(const torch::Tensor& log_probabilities, const torch::Tensor& labels,
                              const torch::Tensor& distances, double beta) {
  check_pixels("soft_labels", log_probabilities, labels);
  TORCH_CHECK_VALUE(beta > 0, "soft_labels: beta must be > 0, got ", beta);
  const torch::Tensor shares = at::softmax(-beta * distances.to(log_probabilities.options()), 1);
  return negative_log_likelihood(at::einsum("yc,bchw->byhw", {shares, log_probabilities}), labels);
}
// doc end

// doc begin
Measured soft_labels(const Term& term, LossBatch& batch) {
  const int leaves = batch.parts.tree.num_levels();  // the finest level
  const auto& [labels, support] = batch.labels(leaves);
  return {soft_label_loss(batch.log_probabilities(leaves), labels, batch.parts.tables.distances,
                          term.config.gamma),
          support};
}
// doc end

/// top; pair {a, b}: psi(a,b) = 2, psi(top,a) = 3.
Hierarchy small_tree() {
  return Hierarchy({{node("top"), inner("pair", {node("a"), node("b")})}, {}});
}

TEST(AddingALoss, EqualsAPlainLoop) {
  const Hierarchy tree = small_tree();
  const torch::Tensor psi = tree_tables(tree).distances;
  const torch::Tensor log_p = random_logits({2, 3, 4, 5}, torch::kFloat64, 1).log_softmax(1);
  const torch::Tensor labels = random_labels(3, {2, 4, 5}, 2);
  const double edges[3][3] = {{0, 3, 3}, {3, 0, 2}, {3, 2, 0}};
  const double beta = 0.8;
  const auto rows = testing::pixel_rows(log_p);
  const auto classes = testing::pixel_labels(labels);
  double sum = 0, count = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (classes[i] == kIgnored) continue;
    double loss = 0, all = 0;
    for (int c = 0; c < 3; ++c) {
      loss -= std::exp(-beta * edges[classes[i]][c]) * rows[i][c];
      all += std::exp(-beta * edges[classes[i]][c]);
    }
    sum += loss / all;
    ++count;
  }
  EXPECT_NEAR(soft_label_loss(log_p, labels, psi, beta).item<double>(), sum / count, 1e-12);
  EXPECT_NEAR(soft_label_loss(log_p, labels, psi, 50).item<double>(),
              negative_log_likelihood(log_p, labels).item<double>(), 1e-12);
}

TEST(AddingALoss, GradientAndVoid) {
  const torch::Tensor psi = tree_tables(small_tree()).distances;
  const torch::Tensor logits = random_logits({1, 3, 2, 3}, torch::kFloat64, 3);
  const torch::Tensor labels = random_labels(3, {1, 2, 3}, 4);
  const auto loss = [&](const torch::Tensor& x) {
    return soft_label_loss(x.log_softmax(1), labels, psi, 0.8);
  };
  EXPECT_LT(testing::gradient_error(loss, logits), 1e-7);
  const torch::Tensor leaf = logits.clone().requires_grad_(true);
  const auto ignored = torch::full_like(labels, kIgnored);
  const auto none = soft_label_loss(leaf.log_softmax(1), ignored, psi, 1);
  none.backward();
  EXPECT_EQ(none.item<double>(), 0);
  EXPECT_EQ(leaf.grad().abs().max().item<double>(), 0);
  testing::expect_value_error([&] { (void)soft_label_loss(logits, labels, psi, 0); }, "got 0");
}

TEST(AddingALoss, TermReadsTheBatch) {
  const Hierarchy tree = small_tree();
  const LevelFolder folder(tree);
  const SiblingSoftmax siblings(tree);
  const TreeTables tables = tree_tables(tree);
  const losses::TreeParts parts{tree, folder, siblings, tables, nullptr, false,
                                TrainedChannels::softmax};
  LossInputs inputs;
  inputs.logits = random_logits({2, 3, 4, 5}, torch::kFloat32, 5);
  inputs.labels = random_labels(tree.num_nodes(), {2, 4, 5}, 6);  // inner nodes among them
  LossBatch batch(inputs, parts);
  Term term;
  term.config.gamma = 0.8;
  const Measured measured = soft_labels(term, batch);
  const torch::Tensor leaves = inputs.labels.masked_fill(inputs.labels >= 3, kIgnored);
  EXPECT_EQ(measured.support, leaves.ge(0).sum().item<std::int64_t>());
  EXPECT_NEAR(measured.value.item<double>(),
              soft_label_loss(inputs.logits.log_softmax(1), leaves, tables.distances, 0.8)
                  .item<double>(),
              1e-6);
}

TEST(AddingALoss, DocumentShowsTheseLines) {
  testing::expect_document_shows("/docs/adding_a_loss.md",
                                 "/tests/losses/adding_a_loss_test.cpp");
}

}  // namespace gyroseg::adding_a_loss_test
