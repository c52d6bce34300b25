#include "gyroseg/losses/rmi.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/types.h>

#include "gyroseg/losses/criterion.h"
#include "operator_inputs.h"
#include "random_batch.h"
#include "src/losses/operators/label_tree.h"
#include "src/losses/operators/rmi_composite.h"
#include "src/losses/operators/rmi_value.h"
#include "support/gradient_check.h"
#include "support/value_error.h"

namespace gyroseg::rmi_test {

using testing::gradient;
using testing::largest;
using testing::random_labels;
using testing::random_logits;
using torch::Tensor;
using Size = std::array<std::int64_t, 2>;

/// Zhao et al.'s algorithm, map by map, in float64 with autograd: one-hot labels, shifted copies,
/// inverse and logarithm of the determinant.
Tensor literal_rmi(const Tensor& logits, const Tensor& labels, const Hierarchy& tree,
                   const RmiOptions& o) {
  const Tensor z = logits.to(torch::kFloat64);
  const Tensor valid = labels.ge(0) & labels.lt(tree.num_leaves());
  const bool stride_only = o.pool_way == "stride";
  const std::int64_t size = stride_only ? 1 : o.pool_size;
  const Size window{size, size}, stride{o.pool_stride, o.pool_stride}, pad{size / 2, size / 2};
  const auto pooled = [&](const Tensor& map) {
    const Tensor whole = map.unsqueeze(0).unsqueeze(0);
    return (o.pool_way == "avg" ? at::avg_pool2d(whole, window, stride, pad)
                                : at::max_pool2d(whole, window, stride, pad))[0][0];
  };
  const auto patches = [&](const Tensor& map) {
    std::vector<Tensor> rows;
    for (int dy = 0; dy < o.radius; ++dy) {
      for (int dx = 0; dx < o.radius; ++dx) {
        rows.push_back(map.narrow(0, dy, map.size(0) - o.radius + 1)
                           .narrow(1, dx, map.size(1) - o.radius + 1)
                           .flatten());
      }
    }
    const Tensor x = torch::stack(rows);
    return x - x.mean(1, /*keepdim=*/true);
  };
  const int n = o.radius * o.radius;
  const Tensor alpha = 1e-3 * torch::eye(n, torch::kFloat64);
  std::vector<Tensor> terms;
  for (int v = 0; v < tree.num_nodes(); ++v) {
    Tensor sum = torch::zeros({}, torch::kFloat64);
    for (std::int64_t b = 0; b < labels.size(0); ++b) {
      Tensor y = torch::zeros_like(z[b][v]).detach();
      for (const int leaf : tree.leaves_of(v)) {
        y = y + (labels[b] == leaf).to(torch::kFloat64);
      }
      const Tensor ly = patches(pooled(y));
      const Tensor lp = patches(pooled(torch::sigmoid(z[b][v]) * valid[b] + 1e-6));
      const Tensor yp = ly.mm(lp.t());
      const Tensor m =
          ly.mm(ly.t()) - yp.mm(torch::inverse(lp.mm(lp.t()) + alpha)).mm(yp.t()) + alpha;
      const Tensor root = at::linalg_cholesky(m);
      sum = sum + (root.diagonal() + 1e-8).log().sum() / n;
    }
    terms.push_back(sum / static_cast<double>(labels.size(0)));
  }
  return torch::stack(terms);
}

struct Case {
  int height;
  RmiOptions options;
  Size size;
};
void PrintTo(const Case& c, std::ostream* out) {
  *out << c.height << " levels, radius " << c.options.radius << ", " << c.options.pool_way << " "
       << c.options.pool_size << "/" << c.options.pool_stride;
}

class Rmi : public ::testing::TestWithParam<Case> {};

// Blocks of one class, so that labels have structure; ignored pixels among them.
Tensor regions(int classes, Size size, unsigned seed) {
  Tensor coarse = random_labels(classes, {2, size[0] / 4 + 1, size[1] / 4 + 1}, seed);
  coarse = coarse.repeat_interleave(4, 1).repeat_interleave(4, 2);
  const Tensor labels = coarse.narrow(1, 0, size[0]).narrow(2, 0, size[1]).clone();
  const Tensor noise = random_labels(6, {2, size[0], size[1]}, seed + 100);
  return labels.masked_fill(noise == 0, kIgnored).contiguous();
}

TEST_P(Rmi, ValueAndGradientEqualTheAlgorithm) {
  const auto& [height, options, size] = GetParam();
  for (unsigned seed = 0; seed < 2; ++seed) {
    const Hierarchy tree = testing::tree_of_height(height, seed);
    const Tensor labels = regions(tree.num_leaves(), size, seed);
    const Tensor logits = random_logits({2, tree.num_nodes(), size[0], size[1]}, torch::kFloat64,
                                        static_cast<int>(seed));
    const Tensor mix = random_logits({tree.num_nodes()}, torch::kFloat64, 9);
    const auto literal = [&, o = options](const Tensor& z) {
      return (literal_rmi(z, labels, tree, o) * mix).sum();
    };
    const auto ours = [&, o = options](const Tensor& z) {
      return (rmi_loss(z, labels, tree, o) * mix).sum();
    };
    // Sums of some hundred products at condition numbers up to 1e5.
    EXPECT_LT(largest(rmi_loss(logits, labels, tree, options) -
                      literal_rmi(logits, labels, tree, options)),
              1e-9);
    const Tensor expected = gradient(literal, logits);
    EXPECT_LT(largest(gradient(ours, logits) - expected), 1e-8 * largest(expected));
    const Tensor last = logits.contiguous(at::MemoryFormat::ChannelsLast);
    const Tensor from_last = gradient(ours, last);
    EXPECT_LT(largest(from_last - expected), 1e-8 * largest(expected));
    EXPECT_EQ(from_last.strides(), last.strides());
    // float32 logits are the same numbers to 6e-8, which singular blocks magnify.
    const Tensor narrow = gradient(ours, logits.to(torch::kFloat32));
    EXPECT_EQ(narrow.scalar_type(), torch::kFloat32);
    EXPECT_LT(largest(narrow - expected), 1e-4 * largest(expected));
  }
}

TEST_P(Rmi, KernelEqualsComposite) {
  const auto& [height, o, size] = GetParam();
  const Hierarchy tree = testing::tree_of_height(height, 11);
  const testing::OperatorTree shuffled = testing::shuffled(tree, 3);
  const losses::LabelTree label_tree("test", testing::vector_of(shuffled.parent),
                                     testing::vector_of(shuffled.leaf_node));
  const losses::RmiSettings settings{o.radius, o.pool_way == "stride" ? 1 : o.pool_size,
                                     o.pool_stride, o.pool_way == "avg", kIgnored};
  const Tensor labels = regions(tree.num_leaves(), size, 5);
  const Tensor logits = random_logits({2, tree.num_nodes(), size[0], size[1]}, torch::kFloat64, 4);
  const losses::RmiScatter scatter =
      losses::rmi_scatter_cpu(logits, labels, label_tree, settings);
  const losses::RmiScatter twin =
      losses::rmi_scatter_composite(logits, labels, label_tree, settings);
  EXPECT_LT(largest(scatter.products - twin.products), 1e-11 * largest(twin.products));
  const Tensor by_patch = losses::rmi_value(twin.products, true).by_patch;
  const Tensor kernel = losses::rmi_gradient_cpu(logits, labels, label_tree, settings, by_patch,
                                                 scatter.means);
  const Tensor composite =
      losses::rmi_gradient_composite(logits, labels, label_tree, settings, by_patch, twin.means);
  EXPECT_LT(largest(kernel - composite), 1e-11 * largest(composite));
}

INSTANTIATE_TEST_SUITE_P(
    Shapes, Rmi,
    ::testing::Values(Case{3, {3, 3, 3, "max"}, {31, 40}}, Case{1, {3, 3, 3, "max"}, {30, 29}},
                      Case{2, {2, 3, 2, "max"}, {21, 18}}, Case{2, {1, 2, 2, "max"}, {12, 15}},
                      Case{2, {3, 1, 1, "max"}, {13, 50}}, Case{3, {3, 3, 3, "avg"}, {31, 40}},
                      Case{2, {2, 2, 1, "avg"}, {14, 11}}, Case{2, {3, 3, 2, "stride"}, {24, 25}}));

TEST(RmiGradient, EqualsDifferences) {
  const Hierarchy tree = testing::tree_of_height(2, 3);
  const Tensor labels = regions(tree.num_leaves(), {16, 15}, 1);
  const Tensor logits = random_logits({2, tree.num_nodes(), 16, 15}, torch::kFloat64, 3);
  const Tensor mix = random_logits({tree.num_nodes()}, torch::kFloat64, 5);
  const auto f = [&](const Tensor& z) { return (rmi_loss(z, labels, tree) * mix).sum(); };
  EXPECT_LT(testing::gradient_error(f, logits), 1e-6);
}

// Nothing valid, one class, constant logits, saturated logits: S is 0 or has rank one.
TEST(RmiEdges, SingularBlocksAreFinite) {
  const Hierarchy tree(pascal_part());
  const double least = 0.5 * std::log(1e-3);
  const Tensor random = random_logits({2, 10, 24, 24}, torch::kFloat32, 1);
  const Tensor mixed = regions(7, {24, 24}, 2);
  const auto check = [&](const Tensor& logits, const Tensor& labels) {
    const Tensor terms = rmi_loss(logits, labels, tree);
    EXPECT_TRUE(terms.isfinite().all().item<bool>());
    const Tensor by_logits =
        gradient([&](const Tensor& z) { return rmi_loss(z, labels, tree).sum(); }, logits);
    EXPECT_TRUE(by_logits.isfinite().all().item<bool>());
    return std::pair{terms, by_logits};
  };
  const auto [nothing, by_nothing] = check(random, torch::full_like(mixed, kIgnored));
  EXPECT_LT(largest(nothing - least), 1e-4);  // 1e-8 beside the root of 1e-3, and float32
  EXPECT_EQ(largest(by_nothing), 0.0);
  (void)check(random, torch::full_like(mixed, 3));
  (void)check(torch::zeros_like(random), mixed);
  (void)check(random * 1e4, mixed);
  (void)check(torch::full_like(random, -std::numeric_limits<float>::infinity()), mixed);
  Tensor checkered = torch::zeros_like(mixed);
  checkered.slice(2, 0, 24, 2).fill_(1);
  (void)check(random, checkered);
}

TEST(RmiEdges, IgnoredPixelsAreNotSeenAndNanIs) {
  const Hierarchy tree(pascal_part());
  const Tensor labels = regions(7, {24, 24}, 2);
  const Tensor logits = random_logits({2, 10, 24, 24}, torch::kFloat64, 1);
  const Tensor hidden = labels.lt(0).unsqueeze(1).expand_as(logits);
  const Tensor other = logits.masked_fill(hidden, std::nan(""));
  EXPECT_TRUE(torch::equal(rmi_loss(logits, labels, tree), rmi_loss(other, labels, tree)));
  EXPECT_TRUE(
      rmi_loss(logits.masked_fill(~hidden, std::nan("")), labels, tree).isnan().all().item<bool>());
  // Inner labels take no part.
  const Tensor inner_labels = labels.masked_fill(labels.lt(0), tree.find("body"));
  EXPECT_TRUE(torch::equal(rmi_loss(logits, labels, tree), rmi_loss(logits, inner_labels, tree)));
}

TEST(RmiEdges, PerfectPredictionsAreBetter) {
  const Hierarchy tree(pascal_part());
  const Tensor labels = regions(7, {36, 36}, 2);
  Tensor logits = torch::full({2, 10, 36, 36}, -6.0, torch::kFloat64);
  for (int v = 0; v < 10; ++v) {
    for (const int leaf : tree.leaves_of(v)) {
      logits.select(1, v).masked_fill_(labels == leaf, 6.0);
    }
  }
  const Tensor perfect = rmi_loss(logits, labels, tree);
  const Tensor blind = rmi_loss(torch::zeros_like(logits), labels, tree);
  EXPECT_TRUE((perfect < blind - 0.5).all().item<bool>());
}

TEST(RmiEdges, ReducedTwoWays) {
  const Hierarchy tree(pascal_part());  // levels of 2, 3 and 7 nodes; background is in each
  const Tensor terms = random_logits({10}, torch::kFloat64, 1);
  EXPECT_NEAR(reduce_rmi(terms, tree, "sum").item<double>(), terms.sum().item<double>(), 1e-14);
  double expected = 0;
  for (int k = 1; k <= 3; ++k) {
    for (const int v : tree.level(k)) {
      expected += terms[v].item<double>() / static_cast<double>(tree.level(k).size());
    }
  }
  EXPECT_NEAR(reduce_rmi(terms, tree, "level_mean").item<double>(), expected, 1e-14);
}

TEST(RmiEdges, IsATermOfTheCriterion) {
  const Hierarchy tree(pascal_part());
  LossConfig config;
  config.name = "rmi";
  config.weight = 0.25;
  config.pool_way = "avg";
  config.reduction = "level_mean";
  LossInputs in;
  in.logits = random_logits({2, 10, 24, 24}, torch::kFloat32, 1);
  in.labels = regions(7, {24, 24}, 2);
  const LossSum sum = Criterion({config}, tree, true, 0, nullptr)(in);
  RmiOptions options;
  options.pool_way = "avg";
  const double value =
      reduce_rmi(rmi_loss(in.logits, in.labels, tree, options), tree, "level_mean").item<double>();
  EXPECT_EQ(sum.terms[0].label, "rmi");
  EXPECT_EQ(sum.terms[0].support, in.labels.ge(0).sum().item<std::int64_t>());
  EXPECT_EQ(sum.terms[0].value.item<double>(), value);
  EXPECT_NEAR(sum.total.item<double>(), 0.25 * value, 1e-6);
  testing::expect_value_error([&] { Criterion({config}, tree, false, 0, nullptr); }, "rmi needs");
}

TEST(RmiErrors, NameWhatIsWrong) {
  const Hierarchy tree(pascal_part());
  const Tensor logits = torch::zeros({1, 10, 12, 12});
  const Tensor labels = torch::zeros({1, 12, 12}, torch::kInt64);
  const auto expect = [&](const Tensor& z, const Tensor& y, const RmiOptions& options,
                          const std::string& part) {
    testing::expect_value_error([&] { (void)rmi_loss(z, y, tree, options); }, part);
  };
  expect(torch::zeros({1, 7, 12, 12}), labels, {}, "V = 10");
  expect(logits, labels.narrow(2, 0, 5), {}, "[1, 12, 5]");
  expect(logits, torch::full({1, 12, 12}, 10, torch::kInt64), {}, "got 10");
  expect(logits, labels, {5}, "4 x 4");
  expect(logits, labels, {0}, "radius");
  expect(logits, labels, {3, 3, 3, "median"}, "median");
  testing::expect_value_error([&] { (void)reduce_rmi(torch::zeros({10}), tree, "mean"); }, "mean");
  const Tensor leaf = random_logits({1, 10, 12, 12}, torch::kFloat64, 5).requires_grad_(true);
  const Tensor once = torch::autograd::grad({rmi_loss(leaf, labels, tree).sum()}, {leaf}, {}, true,
                                            /*create_graph=*/true)[0];
  EXPECT_THROW((void)torch::autograd::grad({once.sum()}, {leaf}), c10::Error);
}

}  // namespace gyroseg::rmi_test
