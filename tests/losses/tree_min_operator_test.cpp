// gyroseg::tree_min_loss, the operator: trees in any node order, every layout and dtype, its
// composite. The formula itself is tested in tree_min_test.cpp, Python in tests/python.
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/types.h>

#include "gyroseg/losses/tree_min.h"
#include "manifolds/kernels/operator_handle.h"
#include "operator_inputs.h"
#include "random_batch.h"
#include "src/losses/operators/label_tree.h"
#include "src/losses/operators/tree_min_composite.h"
#include "support/gradient_check.h"
#include "support/value_error.h"

namespace gyroseg::tree_min_operator_test {

using testing::largest;
using testing::OperatorTree;
using testing::random_labels;
using testing::random_logits;
using testing::vector_of;
using torch::Tensor;

constexpr std::int64_t kVoid = 255;

Tensor tree_min_operator(const Tensor& logits, const Tensor& labels, const OperatorTree& tree,
                         double gamma, std::int64_t ignore = kVoid) {
  static const auto call =
      detail::operator_handle<Tensor(const Tensor&, const Tensor&, const Tensor&, const Tensor&,
                                     double, std::int64_t)>("tree_min_loss");
  return call.call(logits, labels, tree.parent, tree.leaf_node, gamma, ignore);
}

losses::LabelTree label_tree(const OperatorTree& tree) {
  return {"test", vector_of(tree.parent), vector_of(tree.leaf_node)};
}

/// One case: a random tree, labels of its leaves with void pixels.
struct Batch {
  Hierarchy tree;
  OperatorTree shuffled;
  Tensor logits;  ///< of the Hierarchy's nodes
  Tensor labels;

  Batch(int height, unsigned seed, at::IntArrayRef size)
      : tree(testing::tree_of_height(height, seed)),
        shuffled(testing::shuffled(tree, seed)),
        logits(random_logits({size[0], tree.num_nodes(), size[1], size[2]}, torch::kFloat64,
                             static_cast<int>(seed))),
        labels(random_labels(tree.num_leaves(), size, seed)) {
    labels.masked_fill_(labels == kIgnored, kVoid);
  }
};

/// sum_k mean over the nodes of level k: what tree_min_loss returns.
Tensor sum_of_levels(const Tensor& terms, const Batch& batch) {
  Tensor total = torch::zeros({}, terms.options());
  for (int k = 1; k <= batch.tree.num_levels(); ++k) {
    const auto& nodes = batch.tree.level(k);
    const std::vector<std::int64_t> level(nodes.begin(), nodes.end());
    const Tensor places = batch.shuffled.channel.index_select(0, torch::tensor(level));
    total = total + terms.index_select(0, places).mean();
  }
  return total;
}

// A node's term is a level's term of a tree whose other nodes weigh nothing, so sums over random
// weights of levels would hide nothing: the levels' sum and the gradient of each node are compared.
TEST(TreeMinOperator, LevelsAreMeansOfItsTerms) {
  for (int height = 1; height <= 4; ++height) {
    for (unsigned seed = 0; seed < 3; ++seed) {
      const Batch batch(height, seed, {2, 9, 11});
      const Tensor nodes = batch.labels.masked_fill(batch.labels == kVoid, kIgnored);
      for (const double gamma : {0.0, 2.0, 1.5}) {
        const auto from_operator = [&](const Tensor& z) {
          const Tensor ordered =
              z.index_select(1, torch::argsort(batch.shuffled.channel));
          return sum_of_levels(tree_min_operator(ordered, batch.labels, batch.shuffled, gamma),
                               batch);
        };
        const auto function = [&](const Tensor& z) {
          return tree_min_loss(z, nodes, batch.tree, gamma);
        };
        const double expected = function(batch.logits).item<double>();
        EXPECT_NEAR(from_operator(batch.logits).item<double>(), expected, 1e-13 * expected);
        const Tensor by_function = testing::gradient(function, batch.logits);
        EXPECT_LT(largest(testing::gradient(from_operator, batch.logits) - by_function),
                  1e-13 * largest(by_function));
      }
    }
  }
}

TEST(TreeMinOperator, EqualsItsCompositeNodeByNode) {
  for (const auto& [dtype, tolerance] :
       {std::pair{torch::kFloat64, 1e-13}, std::pair{torch::kFloat32, 2e-6},
        std::pair{torch::kBFloat16, 1e-2}, std::pair{torch::kFloat16, 2e-3}}) {
    const Batch batch(3, 5, {3, 9, 17});
    const Tensor logits = testing::in_operator_order(batch.logits, batch.shuffled).to(dtype);
    const losses::LabelTree tree = label_tree(batch.shuffled);
    const Tensor grad = random_logits({batch.tree.num_nodes()}, torch::kFloat64, 1).to(dtype);
    for (const double gamma : {0.0, 2.0, 0.5}) {
      for (const auto format : {at::MemoryFormat::Contiguous, at::MemoryFormat::ChannelsLast}) {
        const Tensor leaf = logits.contiguous(format).requires_grad_(true);
        const Tensor terms = tree_min_operator(leaf, batch.labels, batch.shuffled, gamma);
        const Tensor by_logits = torch::autograd::grad({terms}, {leaf}, {grad})[0];
        EXPECT_EQ(terms.scalar_type(), dtype);
        EXPECT_EQ(by_logits.scalar_type(), dtype);
        EXPECT_EQ(by_logits.strides(), leaf.strides());
        const Tensor expected =
            losses::tree_min_composite(logits, batch.labels, tree, gamma, kVoid);
        EXPECT_LT(largest((terms - expected).to(torch::kFloat64)),
                  tolerance * largest(expected.to(torch::kFloat64)));
        const Tensor composite = losses::tree_min_composite_backward(grad, logits, batch.labels,
                                                                     tree, gamma, kVoid);
        EXPECT_LT(largest((by_logits - composite).to(torch::kFloat64)),
                  tolerance * largest(composite.to(torch::kFloat64)));
      }
    }
  }
}

TEST(TreeMinOperator, GradientsOfEveryNodeEqualDifferences) {
  const Batch batch(3, 2, {1, 3, 3});
  const Tensor logits = testing::in_operator_order(batch.logits, batch.shuffled);
  const Tensor mix = random_logits({batch.tree.num_nodes()}, torch::kFloat64, 3);
  for (const double gamma : {0.0, 2.0, 1.5}) {
    const auto f = [&](const Tensor& z) {
      return (tree_min_operator(z, batch.labels, batch.shuffled, gamma) * mix).sum();
    };
    EXPECT_LT(testing::gradient_error(f, logits), 1e-7);
  }
}

TEST(TreeMinOperator, NoValidPixelAndAnyIgnoreIndex) {
  const Batch batch(3, 2, {2, 4, 5});
  const Tensor logits = testing::in_operator_order(batch.logits, batch.shuffled);
  const Tensor leaf = logits.detach().clone().requires_grad_(true);
  const Tensor terms =
      tree_min_operator(leaf, torch::full_like(batch.labels, kVoid), batch.shuffled, 0);
  EXPECT_TRUE(torch::equal(terms, torch::zeros_like(terms)));
  EXPECT_TRUE(torch::equal(torch::autograd::grad({terms.sum()}, {leaf})[0],
                           torch::zeros_like(logits)));
  // Class 0 ignored is class 0 renamed to void.
  const Tensor renamed = batch.labels.masked_fill(batch.labels == 0, kVoid);
  const Tensor without = batch.labels.masked_fill(batch.labels == kVoid, 0);
  EXPECT_TRUE(torch::equal(tree_min_operator(logits, renamed, batch.shuffled, 2),
                           tree_min_operator(logits, without, batch.shuffled, 2, 0)));
}

TEST(TreeMinOperator, ErrorsNameWhatIsWrong) {
  const Tensor logits = torch::zeros({1, 3, 2, 2});
  const Tensor labels = torch::zeros({1, 2, 2}, torch::kInt64);
  const auto expect = [&](const Tensor& z, const Tensor& y, std::vector<std::int64_t> parent,
                          std::vector<std::int64_t> leaves, double gamma,
                          const std::string& part) {
    const OperatorTree tree{torch::tensor(parent, torch::kInt64),
                            torch::tensor(leaves, torch::kInt64),
                            {}};
    testing::expect_value_error([&] { (void)tree_min_operator(z, y, tree, gamma); }, part);
  };
  expect(torch::zeros({1, 4, 2, 2}), labels, {-1, 0, 0}, {1, 2}, 0, "V = 3");
  expect(logits, torch::zeros({1, 2, 3}, torch::kInt64), {-1, 0, 0}, {1, 2}, 0, "[1, 2, 3]");
  expect(logits, torch::full({1, 2, 2}, 2, torch::kInt64), {-1, 0, 0}, {1, 2}, 0, "got 2");
  expect(logits, labels, {-1, 0, 0}, {1, 2}, -1, "got -1");
  expect(logits, labels, {-1, 0, 3}, {1, 2}, 0, "got 3");
  expect(logits, labels, {-1, 2, 1}, {1, 2}, 0, "cycle");
  expect(logits, labels, {-1, 0, 0}, {1, 3}, 0, "got 3 as the node of label 1");
  expect(logits, labels, {-1, 0, 0}, {0, 2}, 0, "leaf_node[0] is node 0");
}

}  // namespace gyroseg::tree_min_operator_test
