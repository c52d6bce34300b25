#include "manifolds/tree_triplet.h"

#include <gtest/gtest.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <map>
#include <set>
#include <vector>

#include "support/gradient_check.h"
#include "support/value_error.h"

namespace gyroseg::tree_triplet_test {

using testing::expect_value_error;
using torch::Tensor;

/// The Pascal-Part tree of the seeds: 0 background at the top; 1, 2, 4, 6 in the upper body, 3, 5
/// in the lower. psi counted by hand: siblings 2, upper to lower 4, background to a part 1 + 3.
TreeTables pascal_part() {
  const std::vector<int64_t> parents = {-1, 7, 7, 8, 7, 8, 7};
  auto distances = torch::zeros({7, 7}, torch::kInt64);
  for (int64_t a = 0; a < 7; ++a)
    for (int64_t b = 0; b < 7; ++b)
      if (a != b) distances[a][b] = parents[a] >= 0 && parents[a] == parents[b] ? 2 : 4;
  return {distances, torch::tensor(parents, torch::kInt64), 3};
}

Tensor random_labels(std::vector<int64_t> shape, int64_t low = -1, int64_t high = 7) {
  return torch::randint(low, high, shape, torch::kInt64);
}

/// The definition, over every triple of pixels.
double by_enumeration(const Tensor& embedding, const Tensor& labels, const TreeTables& tree,
                      const std::function<double(const Tensor&, const Tensor&)>& distance,
                      const TreeTripletOptions& options) {
  const auto rows = embedding.movedim(1, -1).flatten(0, 2), flat = labels.flatten();
  const auto leaf = [&](int64_t i) { return flat[i].item<int64_t>(); };
  const auto parent = [&](int64_t k) { return tree.parents[k].item<int64_t>(); };
  const auto psi = [&](int64_t a, int64_t b) { return tree.distances[a][b].item<double>(); };
  std::map<int64_t, std::vector<double>> terms;
  for (int64_t a = 0; a < flat.numel(); ++a)
    for (int64_t p = 0; p < flat.numel(); ++p)
      for (int64_t n = 0; n < flat.numel(); ++n) {
        const int64_t la = leaf(a), lp = leaf(p), ln = leaf(n);
        if (la < 0 || lp < 0 || ln < 0 || a == p) continue;
        const auto siblings = [&](int64_t x) {
          return x != la && parent(la) >= 0 && parent(x) == parent(la);
        };
        const bool positive = siblings(lp) || (options.include_own_class && lp == la);
        if (!positive || ln == la || siblings(ln)) continue;
        const double margin = options.fixed_margin.value_or(
            options.margin + (psi(la, ln) - psi(la, lp)) / (2.0 * tree.height));
        terms[la].push_back(
            std::max(0.0, distance(rows[a], rows[p]) - distance(rows[a], rows[n]) + margin));
      }
  double total = 0;
  for (const auto& [_, list] : terms) {
    double sum = 0;
    for (const double x : list) sum += x;
    total += sum / static_cast<double>(list.size());
  }
  return terms.empty() ? 0 : total / static_cast<double>(terms.size());
}

TEST(TreeTriplet, EqualsTheEnumerationWhereAllTripletsFit) {
  torch::manual_seed(51);
  const auto tree = pascal_part();
  const auto labels = random_labels({2, 3, 4});
  const auto embedding = torch::randn({2, 4, 3, 4}, torch::kFloat64);
  TreeTripletOptions options;
  options.max_triplets = 1 << 20;
  TreeTripletOptions own = options, fixed = options;
  own.include_own_class = true;
  fixed.fixed_margin = 0.6;
  const auto flat = make_manifold("euclidean", 1.0), ball = make_manifold("poincare", 0.5);
  const auto sphere = make_manifold("sphere", 1.0), hyperboloid = make_manifold("lorentz", 0.5);
  for (const auto& o : {options, own, fixed}) {
    const auto twice = [](const Tensor& a, const Tensor& b) {
      return 2 * (a - b).norm().item<double>();
    };
    EXPECT_NEAR(tree_triplet_loss(embedding, labels, tree, *flat, o).value.item<double>(),
                by_enumeration(embedding, labels, tree, twice, o), 1e-12);  // float64 sums
    const auto hyperbolic = [](const Tensor& a, const Tensor& b) {  // the ball's formula, c = 0.5
      const double root = std::sqrt(0.5);
      const auto x = torch::tanh(root * a.norm()) * a / a.norm() / root;
      const auto y = torch::tanh(root * b.norm()) * b / b.norm() / root;
      const auto gap =
          (x - y).square().sum() / ((1 - 0.5 * x.square().sum()) * (1 - 0.5 * y.square().sum()));
      return 2 / root * std::asinh(std::sqrt(0.5 * gap.item<double>()));
    };
    EXPECT_NEAR(tree_triplet_loss(embedding, labels, tree, *ball, o).value.item<double>(),
                by_enumeration(embedding, labels, tree, hyperbolic, o), 1e-11);
    EXPECT_NEAR(tree_triplet_loss(embedding, labels, tree, *hyperboloid, o).value.item<double>(),
                by_enumeration(embedding, labels, tree, hyperbolic, o), 1e-11);
    const auto cosine = [](const Tensor& a, const Tensor& b) {  // as HSSN has it, not doubled
      return 1 - a.dot(b).item<double>() / (a.norm() * b.norm()).item<double>();
    };
    EXPECT_NEAR(tree_triplet_loss(embedding, labels, tree, *sphere, o).value.item<double>(),
                by_enumeration(embedding, labels, tree, cosine, o), 1e-12);
  }
}

TEST(TreeTriplet, WorkedExample) {
  // One pixel each of leaves 1, 2 (siblings) and 3: anchors 1 and 2, D = 3, m = 0.1 + (4 - 2)/6 =
  // 0.4333 (derivations.md H4). Distances on the line 0, 1, 1.5 are doubled: relu(2 - 3 + m),
  // relu(2 - 1 + m).
  const auto labels = torch::tensor({{{1, 2, 3}}}, torch::kInt64);
  const auto embedding = torch::tensor({{{{0.0, 1.0, 1.5}}}}, torch::kFloat64);
  const auto loss =
      tree_triplet_loss(embedding, labels, pascal_part(), *make_manifold("euclidean", 1.0));
  EXPECT_EQ(loss.support, 2);
  EXPECT_NEAR(loss.value.item<double>(), (0 + (1 + 0.1 + 1.0 / 3)) / 2, 1e-14);
}

TEST(TreeTriplet, SampleMeanTendsToTheMeanOverAllTriplets) {
  torch::manual_seed(52);
  const auto tree = pascal_part();
  const auto labels = random_labels({2, 5, 5});
  const auto embedding = torch::randn({2, 3, 5, 5}, torch::kFloat64);
  const auto m = make_manifold("euclidean", 1.0);
  TreeTripletOptions options;
  options.max_triplets = 1 << 20;
  const double all = tree_triplet_loss(embedding, labels, tree, *m, options).value.item<double>();
  options.max_triplets = 20;
  double sum = 0, squares = 0;
  constexpr int kSeeds = 400;
  for (int seed = 0; seed < kSeeds; ++seed) {
    options.seed = static_cast<std::uint64_t>(seed);
    const double x = tree_triplet_loss(embedding, labels, tree, *m, options).value.item<double>();
    sum += x;
    squares += x * x;
  }
  const double mean = sum / kSeeds, deviation = std::sqrt(squares / kSeeds - mean * mean);
  EXPECT_NEAR(mean, all, 4 * deviation / std::sqrt(kSeeds));  // 4 standard errors, fixed seeds
}

TEST(SampleTriplets, ObeysTheTreeAndTheLimit) {
  torch::manual_seed(53);
  const auto tree = pascal_part();
  const auto labels = random_labels({3, 20, 20});
  const auto before = labels.clone();
  TreeTripletOptions options;
  options.max_triplets = 50;
  const auto t = sample_triplets(labels, tree, options);
  EXPECT_TRUE(torch::equal(labels, before));
  EXPECT_EQ(t.pixels.size(1), 6 * 50);  // every leaf but the background, which has no sibling
  EXPECT_TRUE(
      torch::equal(labels.flatten().index_select(0, t.pixels.flatten()), t.classes.flatten()));
  const auto parent = tree.parents.index_select(0, t.classes.flatten()).view({3, -1});
  EXPECT_TRUE((parent[0] == parent[1]).all().item<bool>());
  EXPECT_TRUE((parent[0] != parent[2]).all().item<bool>());
  EXPECT_TRUE((t.classes[0] != t.classes[1]).all().item<bool>());
  EXPECT_FALSE((t.classes[0] == 0).any().item<bool>());
  EXPECT_EQ(std::get<0>(torch::unique_dim(t.pixels, 1)).size(1), t.pixels.size(1));  // all distinct
}

TEST(SampleTriplets, IsAFunctionOfTheSeed) {
  torch::manual_seed(54);
  const auto tree = pascal_part();
  const auto labels = random_labels({2, 30, 30});
  TreeTripletOptions options;
  options.seed = 7;
  const auto a = sample_triplets(labels, tree, options), b = sample_triplets(labels, tree, options);
  EXPECT_TRUE(torch::equal(a.pixels, b.pixels));
  options.seed = 8;
  EXPECT_FALSE(torch::equal(a.pixels, sample_triplets(labels, tree, options).pixels));
}

TEST(SampleTriplets, DrawsUniformlyOverPixelsAndImages) {
  // 3 leaves, 4 images of 6 pixels: anchors of leaf 0 have 8 pixels, positives 8, negatives 8.
  const auto labels = torch::arange(24).remainder(3).view({4, 2, 3});
  const TreeTables tree{torch::tensor({{0, 2, 4}, {2, 0, 4}, {4, 4, 0}}, torch::kInt64),
                        torch::tensor({3, 3, 4}, torch::kInt64), 2};
  TreeTripletOptions options;
  options.max_triplets = 8;
  auto counts = torch::zeros({3, 24}, torch::kFloat64);
  constexpr int kSeeds = 2000;
  for (int seed = 0; seed < kSeeds; ++seed) {
    options.seed = static_cast<std::uint64_t>(seed);
    const auto t = sample_triplets(labels, tree, options);
    for (int role = 0; role < 3; ++role) counts[role] += torch::bincount(t.pixels[role], {}, 24);
  }
  // Each role: 2 * 8 * kSeeds draws. Anchors and positives over the 16 pixels of leaves 0 and 1,
  // negatives over the 8 of leaf 2. chi^2 has 15 and 7 degrees of freedom: 99.9 % quantiles 37.7
  // and 24.3.
  const std::array<int, 3> cells = {16, 16, 8};
  const std::array<double, 3> quantile = {37.7, 37.7, 24.3};
  for (int role = 0; role < 3; ++role) {
    const double expected = 16.0 * kSeeds / cells[role];
    const auto used = counts[role].masked_select(counts[role] > 0);
    ASSERT_EQ(used.numel(), cells[role]);
    EXPECT_LT((used - expected).square().sum().item<double>() / expected, quantile[role]);
  }
}

TEST(SampleTriplets, TopLeavesAreNoSiblings) {
  // Leaves 0 and 1 directly under the virtual root, 2 and 3 under one node.
  const TreeTables tree{
      torch::tensor({{0, 2, 3, 3}, {2, 0, 3, 3}, {3, 3, 0, 2}, {3, 3, 2, 0}}, torch::kInt64),
      torch::tensor({-1, -1, 4, 4}, torch::kInt64), 2};
  const auto labels = torch::tensor({{{0, 1, 2}}}, torch::kInt64);
  EXPECT_EQ(sample_triplets(labels, tree, {}).pixels.size(1), 0);
  const auto more = torch::tensor({{{0, 1, 2, 3}}}, torch::kInt64);
  EXPECT_EQ(sample_triplets(more, tree, {}).pixels.size(1),
            4);  // anchors 2 and 3, negatives 0 and 1
  TreeTripletOptions own;
  own.include_own_class =
      true;  // a top leaf then has its own class as positives, all others as negatives
  const auto pair = torch::tensor({{{0, 0, 1}}}, torch::kInt64);
  EXPECT_EQ(sample_triplets(pair, tree, own).pixels.size(1), 2);
}

TEST(TreeTriplet, NothingToCompareIsAnExactZeroWithAGradient) {
  const auto tree = pascal_part();
  const auto m = make_manifold("poincare", 1.0);
  const auto ignored = torch::full({1, 2, 2}, -1, torch::kInt64);
  const auto only_siblings = torch::tensor({{{1, 2}, {4, 6}}}, torch::kInt64);
  const auto no_sibling = torch::tensor({{{0, 1}, {3, -1}}}, torch::kInt64);
  for (const auto& labels : {ignored, only_siblings, no_sibling}) {
    const auto embedding =
        torch::full({1, 3, 2, 2}, NAN).requires_grad_(true);  // not even NaN leaks
    const auto loss = tree_triplet_loss(embedding, labels, tree, *m);
    EXPECT_EQ(loss.support, 0);
    EXPECT_EQ(loss.value.item<float>(), 0);
    ASSERT_TRUE(loss.value.requires_grad());
    loss.value.backward();
    EXPECT_TRUE(torch::equal(embedding.grad(), torch::zeros({1, 3, 2, 2})));
  }
  const auto empty = torch::zeros({0, 3, 2, 2}).requires_grad_(true);
  EXPECT_EQ(tree_triplet_loss(empty, torch::zeros({0, 2, 2}, torch::kInt64), tree, *m).support, 0);
}

TEST(TreeTriplet, GradientMatchesDifferencesInBothSpacesAndLayouts) {
  torch::manual_seed(55);
  const auto tree = pascal_part();
  const auto labels = random_labels({2, 2, 3}, 1);
  const auto embedding = torch::randn({2, 2, 2, 3}, torch::kFloat64);
  for (const char* kind : {"euclidean", "poincare"}) {
    const auto m = make_manifold(kind, 1.0);
    const auto f = [&](const Tensor& x) { return tree_triplet_loss(x, labels, tree, *m).value; };
    EXPECT_LT(testing::gradient_error(f, embedding, 1e-7),
              1e-5);  // a small step: no relu kink is crossed
    const auto last = embedding.contiguous(at::MemoryFormat::ChannelsLast);
    EXPECT_NEAR(f(last).item<double>(), f(embedding).item<double>(), 1e-14);
  }
}

TEST(TreeTriplet, IgnoredPixelsTakeNoPart) {
  torch::manual_seed(56);
  const auto labels = random_labels({1, 6, 6});
  auto embedding = torch::randn({1, 3, 6, 6});
  embedding.masked_fill_((labels < 0).unsqueeze(1), NAN);
  embedding.requires_grad_(true);
  const auto loss =
      tree_triplet_loss(embedding, labels, pascal_part(), *make_manifold("poincare", 1.0));
  loss.value.backward();
  EXPECT_GT(loss.support, 0);
  EXPECT_TRUE(loss.value.isfinite().item<bool>());
  EXPECT_TRUE(embedding.grad().isfinite().all().item<bool>());
  EXPECT_EQ(embedding.grad().masked_select((labels < 0).unsqueeze(1)).abs().sum().item<float>(), 0);
}

TEST(TreeTriplet, BadArgumentsShowTheirValue) {
  const auto tree = pascal_part();
  const auto m = make_manifold("euclidean", 1.0);
  const auto x = torch::ones({1, 3, 2, 2});
  const auto labels = torch::zeros({1, 2, 2}, torch::kInt64);
  const auto run = [&](const Tensor& e, const Tensor& l, const TreeTables& t,
                       TreeTripletOptions o = {}) {
    return [=] { (void)tree_triplet_loss(e, l, t, *m, o); };
  };
  expect_value_error(run(x, torch::zeros({1, 2, 3}, torch::kInt64), tree), "[1, 2, 3]");
  expect_value_error(run(x.flatten(2), labels, tree), "[1, 3, 4]");
  expect_value_error(run(x, labels.to(torch::kInt32), tree), "Int");
  expect_value_error(run(x.to(torch::kInt64), labels, tree), "Long");
  expect_value_error(run(x, labels + 7, tree), "label 7");
  TreeTables bad = tree;
  bad.parents = bad.parents.narrow(0, 0, 5);
  expect_value_error(run(x, labels, bad), "[5]");
  bad = tree;
  bad.height = 0;
  expect_value_error(run(x, labels, bad), "got 0");
  expect_value_error(run(x, labels, TreeTables{}), "distances");
  TreeTripletOptions options;
  options.max_triplets = 0;
  expect_value_error(run(x, labels, tree, options), "got 0");
  options = {};
  options.fixed_margin = NAN;
  expect_value_error(run(x, labels, tree, options), "got nan");
}

}  // namespace gyroseg::tree_triplet_test
