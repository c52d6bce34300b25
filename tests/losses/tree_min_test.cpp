#include "gyroseg/losses/tree_min.h"

#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/types.h>
#include <torch/utils.h>

#include "random_batch.h"
#include "support/gradient_check.h"
#include "support/value_error.h"

namespace gyroseg::tree_min_test {

using testing::gradient;
using testing::largest;
using testing::random_labels;
using testing::random_logits;

double sigmoid(double x) { return 1.0 / (1.0 + std::exp(-x)); }

bool contains(const std::vector<int>& nodes, int v) {
  return std::find(nodes.begin(), nodes.end(), v) != nodes.end();
}

/// The formula of hierarchy.md section 2, word by word, for one pixel and level.
double literal_term(const Hierarchy& tree, const std::vector<double>& z, int label, int level,
                    double gamma) {
  double sum = 0;
  for (const int v : tree.level(level)) {
    double p = 1;
    double q = 0;
    for (int u = 0; u < tree.num_nodes(); ++u) {
      p = contains(tree.ancestors(v), u) ? std::min(p, sigmoid(z[u])) : p;
      q = contains(tree.ancestors(u), v) ? std::max(q, sigmoid(z[u])) : q;
    }
    sum += contains(tree.ancestors(label), v) ? -std::pow(1 - p, gamma) * std::log(p)
                                              : -std::pow(q, gamma) * std::log(1 - q);
  }
  return sum;
}

double literal_loss(const Hierarchy& tree, const torch::Tensor& logits, const torch::Tensor& labels,
                    double gamma) {
  const auto z = testing::pixel_rows(logits);
  const auto flat = testing::pixel_labels(labels);
  double total = 0;
  for (int k = 1; k <= tree.num_levels(); ++k) {
    double sum = 0;
    int pixels = 0;
    for (std::size_t i = 0; i < flat.size(); ++i) {
      const int label = static_cast<int>(flat[i]);
      if (label == kIgnored || tree.class_at(k, label) < 0) {
        continue;
      }
      sum += literal_term(tree, z[i], label, k, gamma);
      ++pixels;
    }
    total += pixels > 0 ? sum / (pixels * static_cast<double>(tree.level(k).size())) : 0.0;
  }
  return total;
}

struct Case {
  int height;
  double gamma;
};
void PrintTo(const Case& c, std::ostream* out) {
  *out << c.height << " levels, gamma " << c.gamma;
}

class TreeMin : public ::testing::TestWithParam<Case> {
 protected:
  static constexpr int kTrees = 4;
};

// Labels of inner nodes, leaves and ignored pixels; trees with shallow leaves and single children.
TEST_P(TreeMin, EqualsTheFormula) {
  const auto [height, gamma] = GetParam();
  for (int seed = 0; seed < kTrees; ++seed) {
    const Hierarchy tree = testing::tree_of_height(height, seed);
    const torch::Tensor logits = random_logits({2, tree.num_nodes(), 5, 4}, torch::kFloat64, seed);
    const torch::Tensor labels = random_labels(tree.num_nodes(), {2, 5, 4}, seed);
    const double expected = literal_loss(tree, logits, labels, gamma);
    // The literal 1 - q loses about 1e-16 e^10 of its digits at the largest logits.
    EXPECT_NEAR(tree_min_loss(logits, labels, tree, gamma).item<double>(), expected,
                1e-11 * expected);
    EXPECT_NEAR(tree_min_loss_composite(logits, labels, tree, gamma).item<double>(), expected,
                1e-11 * expected);
    // Rounding of float32: 6e-8 of the logits and of the sum.
    EXPECT_NEAR(tree_min_loss(logits.to(torch::kFloat32), labels, tree, gamma).item<double>(),
                expected, 1e-6 * expected);
  }
}

TEST_P(TreeMin, GradientEqualsDifferences) {
  const auto [height, gamma] = GetParam();
  const Hierarchy tree = testing::tree_of_height(height, 7);
  const torch::Tensor logits = random_logits({1, tree.num_nodes(), 3, 3}, torch::kFloat64, 7);
  const torch::Tensor labels = random_labels(tree.num_nodes(), {1, 3, 3}, 7);
  // The gaps between random logits exceed the step of the differences: no sample lies on a kink.
  const auto loss = [&, g = gamma](const torch::Tensor& z) {
    return tree_min_loss(z, labels, tree, g);
  };
  EXPECT_LT(testing::gradient_error(loss, logits), 1e-7);
}

// 9 x 17 pixels are two full tiles and a rest.
TEST_P(TreeMin, KernelEqualsComposite) {
  const auto [height, gamma] = GetParam();
  for (int seed = 0; seed < kTrees; ++seed) {
    const Hierarchy tree = testing::tree_of_height(height, seed + 20);
    const torch::Tensor labels = random_labels(tree.num_nodes(), {3, 9, 17}, seed);
    for (const auto& [dtype, tolerance] :
         {std::pair{torch::kFloat32, 2e-6}, std::pair{torch::kFloat64, 1e-13}}) {
      const torch::Tensor logits = random_logits({3, tree.num_nodes(), 9, 17}, dtype, seed);
      const auto kernel = [&, g = gamma](const torch::Tensor& z) {
        return tree_min_loss(z, labels, tree, g);
      };
      const auto composite = [&, g = gamma](const torch::Tensor& z) {
        return tree_min_loss_composite(z, labels, tree, g);
      };
      const torch::Tensor expected = gradient(composite, logits);
      EXPECT_LT(largest(gradient(kernel, logits) - expected), tolerance * largest(expected));
      const torch::Tensor last = logits.contiguous(at::MemoryFormat::ChannelsLast);
      const torch::Tensor from_last = gradient(kernel, last);
      EXPECT_TRUE(torch::equal(from_last, gradient(kernel, logits)));
      EXPECT_EQ(from_last.strides(), last.strides());
      EXPECT_EQ(kernel(last).item<double>(), kernel(logits).item<double>());
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Trees, TreeMin,
                         ::testing::Values(Case{1, 0}, Case{2, 0}, Case{3, 0}, Case{4, 0},
                                           Case{5, 0}, Case{2, 2}, Case{3, 2}, Case{5, 2},
                                           Case{3, 0.5}, Case{4, 1.5}));

TEST(TreeMinStrides, OtherLayoutsAreCopied) {
  const Hierarchy tree(pascal_part());
  const torch::Tensor wide = random_logits({2, 10, 6, 14}, torch::kFloat32, 1);
  const torch::Tensor labels = random_labels(10, {2, 6, 7}, 1);
  const torch::Tensor columns = wide.slice(3, 0, 14, 2);
  const auto loss = [&](const torch::Tensor& z) { return tree_min_loss(z, labels, tree); };
  EXPECT_EQ(loss(columns).item<float>(), loss(columns.contiguous()).item<float>());
  const torch::Tensor from_whole =
      gradient([&](const torch::Tensor& z) { return loss(z.slice(3, 0, 14, 2)); }, wide);
  EXPECT_TRUE(torch::equal(from_whole.slice(3, 0, 14, 2), gradient(loss, columns.contiguous())));
  // Channels of a wider tensor: pixels of one stride, but not dense.
  const torch::Tensor more = random_logits({2, 13, 6, 7}, torch::kFloat32, 2);
  const torch::Tensor from_more =
      gradient([&](const torch::Tensor& z) { return loss(z.narrow(1, 3, 10)); }, more);
  EXPECT_TRUE(torch::equal(from_more.narrow(1, 3, 10),
                           gradient(loss, more.narrow(1, 3, 10).contiguous())));
}

Hierarchy tie_tree() {
  return Hierarchy({{inner("a", {inner("g", {node("d", 0), node("e", 1)}), node("c", 2)}),
                     node("f", 3)},
                    {}});
}

TEST(TreeMinTies, GradientGoesToTheNearestNode) {
  const Hierarchy tree = tie_tree();
  const int a = tree.find("a");
  const int g = tree.find("g");
  const torch::Tensor labels = torch::full({1, 1, 1}, tree.find("f"), torch::kInt64);
  torch::Tensor z = torch::full({1, 6, 1, 1}, -1.0, torch::kFloat64);
  z[0][tree.find("d")] = 2.0;
  z[0][tree.find("e")] = 2.0;
  z[0][tree.find("c")] = 2.0;
  for (const auto& loss : {tree_min_loss, tree_min_loss_composite}) {
    const torch::Tensor got =
        gradient([&](const torch::Tensor& x) { return loss(x, labels, tree, 0.0); }, z).flatten();
    // n = 2, 3, 4 (levels {a,f}, {g,c,f}, {d,e,c,f}). The maximum over C(a) is c's, not that of d
    // or e further down; over C(g) it is d's, the first of two equally near. c counts twice.
    const double s = sigmoid(2.0);
    EXPECT_NEAR(got[tree.find("c")].item<double>(), s * (1 / 2.0 + 1 / 3.0 + 1 / 4.0), 1e-15);
    EXPECT_NEAR(got[tree.find("d")].item<double>(), s * (1 / 3.0 + 1 / 4.0), 1e-15);
    EXPECT_NEAR(got[tree.find("e")].item<double>(), s / 4.0, 1e-15);
    EXPECT_EQ(got[a].item<double>(), 0.0);
    EXPECT_EQ(got[g].item<double>(), 0.0);
  }
}

TEST(TreeMinTies, EqualLogitsGiveEveryNodeItsOwnGradient) {
  const Hierarchy tree(pascal_part());
  const torch::Tensor labels = torch::full({1, 2, 1}, tree.find("head"), torch::kInt64);
  const torch::Tensor z = torch::zeros({1, 10, 2, 1}, torch::kFloat64);
  for (const auto& loss : {tree_min_loss, tree_min_loss_composite}) {
    const torch::Tensor got =
        gradient([&](const torch::Tensor& x) { return loss(x, labels, tree, 0.0); }, z);
    for (int v = 0; v < tree.num_nodes(); ++v) {
      double expected = 0;
      for (int k = 1; k <= 3; ++k) {
        const bool in_level = contains(tree.level(k), v);
        expected += in_level ? 0.5 / (2.0 * static_cast<double>(tree.level(k).size())) : 0.0;
      }
      expected *= contains(tree.ancestors(tree.find("head")), v) ? -1 : 1;
      EXPECT_NEAR(got[0][v][1][0].item<double>(), expected, 1e-16) << tree.path(v);
    }
  }
}

TEST(TreeMinEdges, NoValidPixelIsAnExactZero) {
  const Hierarchy tree(pascal_part());
  const torch::Tensor labels = torch::full({2, 4, 4}, kIgnored, torch::kInt64);
  torch::Tensor logits = random_logits({2, 10, 4, 4}, torch::kFloat32, 0);
  logits[0][3][0][0] = std::numeric_limits<float>::infinity();
  for (const double gamma : {0.0, 2.0, 0.7}) {
    const auto loss = [&](const torch::Tensor& z) { return tree_min_loss(z, labels, tree, gamma); };
    EXPECT_EQ(loss(logits).item<float>(), 0.0F);
    EXPECT_TRUE(torch::equal(gradient(loss, logits), torch::zeros_like(logits)));
  }
  const torch::Tensor empty = random_logits({0, 10, 4, 4}, torch::kFloat32, 0);
  EXPECT_EQ(tree_min_loss(empty, labels.narrow(0, 0, 0), tree).item<float>(), 0.0F);
}

TEST(TreeMinEdges, InnerLabelsCountOnlyInTheLevelsTheyDetermine) {
  const Hierarchy tree(pascal_part());
  const int body = tree.find("body");
  const torch::Tensor labels = torch::full({1, 1, 1}, body, torch::kInt64);
  torch::Tensor z = torch::full({1, 10, 1, 1}, -3.0, torch::kFloat64);
  z[0][body] = 1.0;
  const double expected = (std::log1p(std::exp(-1.0)) + std::log1p(std::exp(-3.0))) / 2;
  EXPECT_NEAR(tree_min_loss(z, labels, tree).item<double>(), expected, 1e-15);
  const torch::Tensor got =
      gradient([&](const torch::Tensor& x) { return tree_min_loss(x, labels, tree); }, z);
  EXPECT_EQ(got.count_nonzero().item<int>(), 2);  // body and background
}

TEST(TreeMinEdges, HugeLogitsStayFinite) {
  const Hierarchy tree(pascal_part());
  const torch::Tensor labels = random_labels(10, {1, 8, 8}, 3);
  for (const double gamma : {0.0, 2.0, 0.7, 5.0}) {
    for (const double size : {100.0, 1e6, 1e30}) {
      const torch::Tensor logits = random_logits({1, 10, 8, 8}, torch::kFloat32, 3, size);
      const auto loss = [&](const torch::Tensor& z) {
        return tree_min_loss(z, labels, tree, gamma);
      };
      EXPECT_TRUE(std::isfinite(loss(logits).item<double>())) << gamma << " " << size;
      EXPECT_TRUE(gradient(loss, logits).isfinite().all().item<bool>()) << gamma << " " << size;
    }
  }
  // Wrong and sure in float32: the gradient is not dead (with eps it is, from |z| = 17 on).
  const torch::Tensor sure = torch::full({1, 10, 8, 8}, 200.0F);
  const torch::Tensor got =
      gradient([&](const torch::Tensor& z) { return tree_min_loss(z, labels, tree); }, sure);
  EXPECT_GT(largest(got), 1e-4);
}

TEST(TreeMinEdges, NanIsSeenUnlessIgnored) {
  const Hierarchy tree(pascal_part());
  for (int v = 0; v < tree.num_nodes(); ++v) {
    torch::Tensor labels = torch::full({1, 1, 3}, tree.find("head"), torch::kInt64);
    torch::Tensor logits = random_logits({1, 10, 1, 3}, torch::kFloat32, v);
    logits[0][v][0][1] = std::nanf("");
    EXPECT_TRUE(std::isnan(tree_min_loss(logits, labels, tree).item<float>())) << tree.path(v);
    labels[0][0][1] = kIgnored;
    EXPECT_TRUE(std::isfinite(tree_min_loss(logits, labels, tree).item<float>())) << tree.path(v);
  }
}

TEST(TreeMinEdges, InputsAreUntouchedAndBackwardScales) {
  const Hierarchy tree(pascal_part());
  const torch::Tensor labels = random_labels(10, {2, 9, 9}, 5);
  const torch::Tensor before = labels.clone();
  const torch::Tensor logits = random_logits({2, 10, 9, 9}, torch::kFloat64, 5);
  const torch::Tensor copy = logits.clone();
  const torch::Tensor leaf = logits.requires_grad_(true);
  const torch::Tensor loss = tree_min_loss(leaf, labels, tree, 2.0);
  const auto once = torch::autograd::grad({loss}, {leaf}, {}, /*retain_graph=*/true)[0];
  const auto thrice = torch::autograd::grad({3 * loss}, {leaf})[0];
  EXPECT_LT(largest(thrice - 3 * once), 1e-17);
  EXPECT_TRUE(torch::equal(labels, before));
  EXPECT_TRUE(torch::equal(logits, copy));
}

TEST(TreeMinEdges, ValueDoesNotDependOnThreads) {
  const Hierarchy tree(pascal_part());
  const torch::Tensor labels = random_labels(7, {4, 40, 40}, 5);
  const torch::Tensor logits = random_logits({4, 10, 40, 40}, torch::kFloat32, 5);
  const int threads = at::get_num_threads();
  at::set_num_threads(1);
  const float one = tree_min_loss(logits, labels, tree).item<float>();
  at::set_num_threads(3);
  const float three = tree_min_loss(logits, labels, tree).item<float>();
  at::set_num_threads(threads);
  EXPECT_EQ(one, three);
}

TEST(TreeMinEdges, NarrowFloatsAreWidened) {
  const Hierarchy tree(pascal_part());
  const torch::Tensor labels = random_labels(7, {1, 4, 4}, 5);
  const torch::Tensor logits = random_logits({1, 10, 4, 4}, torch::kBFloat16, 5);
  const torch::Tensor loss = tree_min_loss(logits, labels, tree);
  EXPECT_EQ(loss.scalar_type(), torch::kFloat32);
  EXPECT_EQ(loss.item<float>(),
            tree_min_loss(logits.to(torch::kFloat32), labels, tree).item<float>());
}

TEST(TreeMinErrors, NameWhatIsWrong) {
  const Hierarchy tree(pascal_part());
  const torch::Tensor logits = torch::zeros({1, 10, 2, 2});
  const torch::Tensor labels = torch::zeros({1, 2, 2}, torch::kInt64);
  const auto expect = [&](const torch::Tensor& z, const torch::Tensor& y, double gamma,
                          const std::string& part) {
    testing::expect_value_error([&] { (void)tree_min_loss(z, y, tree, gamma); }, part);
  };
  expect(torch::zeros({1, 7, 2, 2}), labels, 0, "V = 10");
  expect(logits, torch::zeros({1, 2, 3}, torch::kInt64), 0, "[1, 2, 3]");
  expect(logits, torch::zeros({1, 2, 2}), 0, "int64");
  expect(logits, torch::full({1, 2, 2}, 10, torch::kInt64), 0, "got 10");
  expect(logits, torch::full({1, 2, 2}, 255, torch::kInt64), 0, "got 255");
  expect(logits, labels, -1, "-1");
}

TEST(TreeMinErrors, SecondDerivatives) {
  const Hierarchy tree(pascal_part());
  const torch::Tensor labels = random_labels(10, {1, 2, 2}, 5);
  const torch::Tensor leaf = random_logits({1, 10, 2, 2}, torch::kFloat64, 5).requires_grad_(true);
  EXPECT_THROW((void)torch::autograd::grad({tree_min_loss(leaf, labels, tree)}, {leaf}, {},
                                           /*retain_graph=*/true, /*create_graph=*/true),
               c10::NotImplementedError);
  const torch::Tensor loss = tree_min_loss_composite(leaf, labels, tree);
  const auto first = torch::autograd::grad({loss}, {leaf}, {}, true, true)[0];
  const auto second = torch::autograd::grad({first.square().sum()}, {leaf})[0];
  EXPECT_TRUE(second.isfinite().all().item<bool>());
  EXPECT_GT(largest(second), 0.0);
}

}  // namespace gyroseg::tree_min_test
