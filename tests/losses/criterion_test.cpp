#include "gyroseg/losses/criterion.h"

#include <cmath>

#include <gtest/gtest.h>
#include <torch/nn/functional/loss.h>
#include <torch/nn/functional/upsampling.h>
#include <torch/optim/sgd.h>
#include <torch/types.h>

#include "gyroseg/losses/cross_entropy.h"
#include "gyroseg/losses/total_variation.h"
#include "gyroseg/losses/tree_min.h"
#include "random_batch.h"
#include "support/value_error.h"

namespace gyroseg::criterion_test {

namespace F = torch::nn::functional;
using testing::largest;
using testing::random_labels;
using testing::random_logits;

LossConfig term(const std::string& name, double weight = 1.0) {
  LossConfig config;
  config.name = name;
  config.weight = weight;
  return config;
}

LossConfig cross_entropy_at(int level, double weight = 1.0, const std::string& classes = "none") {
  LossConfig config = term("cross_entropy", weight);
  config.level = level;
  config.class_weights = classes;
  return config;
}

/// Pascal-Part: 7 leaves, 10 nodes, 3 levels.
struct CriterionTest : ::testing::Test {
  Hierarchy tree{pascal_part()};
  std::shared_ptr<const Manifold> space = make_manifold("euclidean", 1.0);

  LossInputs inputs(bool all_nodes, int classes = 7) const {
    LossInputs in;
    in.logits = random_logits({2, all_nodes ? 10 : 7, 6, 5}, torch::kFloat32, 1);
    in.embedding = random_logits({2, 4, 8, 7}, torch::kFloat32, 2, 0.3);
    in.auxiliary = random_logits({2, 7, 3, 3}, torch::kFloat32, 3);
    in.labels = random_labels(classes, {2, 24, 21}, 4);
    in.step = 3;
    in.total_steps = 10;
    return in;
  }
};

torch::Tensor upsampled(const torch::Tensor& logits) {
  return F::interpolate(logits, F::InterpolateFuncOptions()
                                    .size(std::vector<std::int64_t>{24, 21})
                                    .mode(torch::kBilinear)
                                    .align_corners(false));
}

TEST_F(CriterionTest, SumsItsWeightedTerms) {
  std::vector<LossConfig> configs = {cross_entropy_at(0), cross_entropy_at(1, 0.5),
                                     term("tree_min", 0.25), term("tree_triplet", 0.5)};
  configs[3].schedule = "cosine";
  const Criterion criterion(configs, tree, true, 0.4, space);
  const LossInputs in = inputs(true, 10);
  const torch::Tensor before = in.labels.clone();
  const LossSum sum = criterion(in);
  ASSERT_EQ(sum.terms.size(), 5U);
  const std::vector<std::string> labels = {"cross_entropy@leaf", "cross_entropy@1", "tree_min",
                                           "tree_triplet", "auxiliary"};
  const std::vector<double> weights = {1, 0.5, 0.25, 0.25 * (1 + std::cos(M_PI * 0.7)), 0.4};
  double total = 0;
  for (std::size_t i = 0; i < 5; ++i) {
    EXPECT_EQ(sum.terms[i].label, labels[i]);
    EXPECT_NEAR(sum.terms[i].weight, weights[i], 1e-15);
    EXPECT_FALSE(sum.terms[i].value.requires_grad());
    total += weights[i] * sum.terms[i].value.item<double>();
  }
  EXPECT_NEAR(sum.total.item<double>(), total, 1e-6 * total);
  EXPECT_TRUE(torch::equal(in.labels, before));

  const LevelFolder folder(tree);
  const torch::Tensor z = upsampled(in.logits);
  const auto level = [&](int k) {
    return level_cross_entropy(z, folder.labels(in.labels, k), folder, k, true).item<float>();
  };
  EXPECT_EQ(sum.terms[0].value.item<float>(), level(3));
  EXPECT_EQ(sum.terms[1].value.item<float>(), level(1));
  EXPECT_EQ(sum.terms[2].value.item<float>(), tree_min_loss(z, in.labels, tree).item<float>());
  EXPECT_EQ(sum.terms[4].value.item<float>(),
            flat_cross_entropy(upsampled(in.auxiliary), folder.labels(in.labels, 3)).item<float>());
  EXPECT_EQ(sum.terms[0].support, (in.labels.ge(0) & in.labels.lt(7)).sum().item<std::int64_t>());
  EXPECT_EQ(sum.terms[2].support, in.labels.ge(0).sum().item<std::int64_t>());
  EXPECT_GT(sum.terms[3].support, 0);
}

// The probabilities of level 2 by their definitions: beside cross entropy a softmax, beside tree_min
// sigmoids over their sum, beside the hierarchical softmax products along the path.
TEST_F(CriterionTest, TotalVariationSmoothsWhatTheOthersTrain) {
  const LossInputs in = inputs(true);
  const torch::Tensor z = upsampled(in.logits).to(torch::kFloat64);
  const torch::Tensor nodes = torch::tensor(
      std::vector<std::int64_t>(tree.level(2).begin(), tree.level(2).end()), torch::kInt64);
  const auto normalised = [](const torch::Tensor& x) { return x / x.sum(1, true); };
  torch::Tensor products = torch::ones_like(z);
  for (int v = 0; v < tree.num_nodes(); ++v) {
    for (const int u : tree.ancestors(v)) {
      const std::vector<int>& siblings =
          tree.parent(u) < 0 ? tree.top_nodes() : tree.children(tree.parent(u));
      torch::Tensor sum = torch::zeros_like(z.select(1, 0));
      for (const int s : siblings) {
        sum += z.select(1, s).exp();
      }
      products.select(1, v).mul_(z.select(1, u).exp() / sum);
    }
  }
  const torch::Tensor labels = LevelFolder(tree).labels(in.labels, 2);
  LossConfig variation = term("total_variation");
  variation.level = 2;
  for (const auto& [other, p] :
       std::vector<std::pair<std::string, torch::Tensor>>{
           {"cross_entropy", normalised(z.exp().index_select(1, nodes))},
           {"tree_min", normalised(z.sigmoid().index_select(1, nodes))},
           {"hierarchical_softmax", products.index_select(1, nodes)}}) {
    ASSERT_LT(largest(p.sum(1) - 1), 1e-12) << other;
    for (const bool first : {false, true}) {
      const std::vector<LossConfig> terms = first ? std::vector{variation, term(other)}
                                                  : std::vector{term(other), variation};
      const LossSum sum = Criterion(terms, tree, true, 0.0, space)(in);
      EXPECT_NEAR(sum.terms[first ? 0 : 1].value.item<double>(),
                  total_variation(p, labels).item<double>(), 1e-6)
          << other;
    }
  }
}

TEST_F(CriterionTest, LabelsOfTermsDiffer) {
  LossConfig named = term("tree_triplet");
  named.label = "hsp";
  const Criterion criterion({cross_entropy_at(2), cross_entropy_at(2), named}, tree, false, 0,
                            space);
  const LossSum sum = criterion(inputs(false));
  ASSERT_EQ(sum.terms.size(), 3U);
  EXPECT_EQ(sum.terms[0].label, "cross_entropy@2");
  EXPECT_EQ(sum.terms[1].label, "cross_entropy@2#2");
  EXPECT_EQ(sum.terms[2].label, "hsp");
}

TEST_F(CriterionTest, ClassWeightsComeFromTheLevelsCounts) {
  const torch::Tensor counts = torch::tensor({100, 1, 2, 3, 4, 5, 6}, torch::kInt64);
  torch::Tensor node_counts = torch::cat({counts, torch::zeros({3}, torch::kInt64)});
  node_counts[tree.find("upper_body")] = 70;
  node_counts[tree.find("body")] = 1000;  // of no class of level 2
  std::vector<torch::Tensor> seen;
  std::vector<std::string> schemes;
  const auto weigh = [&](const torch::Tensor& level_counts, const std::string& scheme) {
    seen.push_back(level_counts);
    schemes.push_back(scheme);
    return 1.0 / level_counts.to(torch::kFloat32);
  };
  const Criterion criterion({cross_entropy_at(2, 1, "inverse_frequency"),
                             cross_entropy_at(0, 1, "median_frequency")},
                            tree, false, 0.4, nullptr, node_counts, weigh);
  ASSERT_EQ(seen.size(), 2U);
  // {background, upper_body = 1+2+4+6 and its own 70, lower_body = 3+5}: leaves 1, 2, 4, 6 and 3, 5.
  EXPECT_TRUE(torch::equal(seen[0], torch::tensor({100, 1 + 2 + 4 + 6 + 70, 3 + 5}, torch::kInt64)));
  EXPECT_TRUE(torch::equal(seen[1], counts));
  EXPECT_EQ(schemes, (std::vector<std::string>{"inverse_frequency", "median_frequency"}));

  const LossInputs in = inputs(false);
  const LossSum sum = criterion(in);
  const LevelFolder folder(tree);
  const torch::Tensor leaf_weights = 1.0 / counts.to(torch::kFloat32);
  EXPECT_EQ(sum.terms[0].value.item<float>(),
            level_cross_entropy(upsampled(in.logits), folder.labels(in.labels, 2), folder, 2,
                                     false, 1.0 / seen[0].to(torch::kFloat32))
                .item<float>());
  EXPECT_EQ(sum.terms[1].value.item<float>(),
            flat_cross_entropy(upsampled(in.logits), in.labels, leaf_weights).item<float>());
  EXPECT_EQ(sum.terms[2].value.item<float>(),  // auxiliary: the leaf term's weights
            flat_cross_entropy(upsampled(in.auxiliary), in.labels, leaf_weights).item<float>());
}

TEST_F(CriterionTest, NothingToLearnIsAnExactZero) {
  const Criterion criterion({cross_entropy_at(0), cross_entropy_at(1), term("tree_min"),
                             term("tree_triplet")},
                            tree, true, 0.4, space);
  LossInputs in = inputs(true);
  in.labels = torch::full_like(in.labels, kIgnored);
  for (torch::Tensor* x : {&in.logits, &in.embedding, &in.auxiliary}) {
    x->requires_grad_(true);
  }
  const LossSum sum = criterion(in);
  EXPECT_EQ(sum.total.item<float>(), 0.0F);
  sum.total.backward();
  for (const torch::Tensor& x : {in.logits, in.embedding, in.auxiliary}) {
    ASSERT_TRUE(x.grad().defined());
    EXPECT_TRUE(torch::equal(x.grad(), torch::zeros_like(x)));
  }
  for (const LossTerm& t : sum.terms) {
    EXPECT_EQ(t.support, 0) << t.label;
  }
}

TEST_F(CriterionTest, AbsentClassesKeepEverythingFinite) {
  const Criterion criterion({cross_entropy_at(0), term("tree_min"), term("tree_triplet")}, tree,
                            true, 0, space);
  LossInputs in = inputs(true);
  in.labels = in.labels.clamp_max(0);  // background only
  in.logits.requires_grad_(true);
  in.embedding.requires_grad_(true);
  const LossSum sum = criterion(in);
  sum.total.backward();
  EXPECT_TRUE(in.logits.grad().isfinite().all().item<bool>());
  EXPECT_EQ(sum.terms[2].support, 0);
  EXPECT_EQ(sum.terms[2].value.item<float>(), 0.0F);
  EXPECT_TRUE(torch::equal(in.embedding.grad(), torch::zeros_like(in.embedding)));
}

TEST_F(CriterionTest, LearnsABatchInEverySpace) {
  for (const std::string kind : {"euclidean", "sphere", "poincare", "lorentz"}) {
    const Criterion criterion({cross_entropy_at(0), cross_entropy_at(1), term("tree_min", 0.5),
                               term("tree_triplet", 0.5)},
                              tree, true, 0, make_manifold(kind, 1.0));
    LossInputs in = inputs(true, 10);
    in.logits.requires_grad_(true);
    in.embedding.requires_grad_(true);
    torch::optim::SGD optimizer({in.logits, in.embedding}, torch::optim::SGDOptions(5.0));
    const LossSum first = criterion(in);
    LossSum last = first;
    for (int step = 0; step < 40; ++step) {
      optimizer.zero_grad();
      last = criterion(in);
      last.total.backward();
      optimizer.step();
    }
    for (std::size_t i = 0; i < first.terms.size(); ++i) {
      EXPECT_LT(last.terms[i].value.item<double>(), 0.99 * first.terms[i].value.item<double>())
          << kind << " " << first.terms[i].label;
    }
  }
}

TEST_F(CriterionTest, TripletsFollowSeedAndStepOnly) {
  LossConfig config = term("tree_triplet");
  config.max_triplets = 5;
  const Criterion criterion({config}, tree, false, 0, space);
  LossInputs in = inputs(false);
  in.embedding = random_logits({2, 4, 24, 21}, torch::kFloat32, 2);
  const auto value = [&](std::int64_t step, std::uint64_t seed) {
    in.step = step;
    in.seed = seed;
    return criterion(in).terms[0].value.item<float>();
  };
  EXPECT_EQ(value(7, 1), value(7, 1));
  EXPECT_NE(value(7, 1), value(8, 1));
  EXPECT_NE(value(7, 1), value(7, 2));
}

TEST_F(CriterionTest, TripletOptionsArrive) {
  LossConfig fixed = term("tree_triplet");
  fixed.fixed_margin = 0.6;
  LossConfig wide = term("tree_triplet");
  wide.margin = 3.0;
  LossConfig own = term("tree_triplet");
  own.positives = "include_own_class";
  own.max_triplets = 3;
  const Criterion criterion({term("tree_triplet"), fixed, wide, own}, tree, false, 0, space);
  const LossSum sum = criterion(inputs(false));
  const auto value = [&](int i) { return sum.terms[i].value.item<double>(); };
  EXPECT_GT(value(0), 0);
  EXPECT_NE(value(1), value(0));
  EXPECT_GT(value(2), value(0) + 1);  // every triplet's margin is 2.9 larger
  EXPECT_LE(sum.terms[3].support, 3 * 7);
}

TEST_F(CriterionTest, ChannelsLastGivesTheSame) {
  const Criterion criterion({cross_entropy_at(0), term("tree_min")}, tree, true, 0.4, space);
  LossInputs in = inputs(true);
  const float plain = criterion(in).total.item<float>();
  in.logits = in.logits.contiguous(at::MemoryFormat::ChannelsLast);
  in.auxiliary = in.auxiliary.contiguous(at::MemoryFormat::ChannelsLast);
  // Upsampling has another kernel for channels_last, with its own rounding.
  EXPECT_NEAR(criterion(in).total.item<float>(), plain, 1e-5);
}

TEST_F(CriterionTest, RefusesWhatCannotWork) {
  const auto expect = [&](const std::vector<LossConfig>& configs, bool all_nodes,
                          const std::shared_ptr<const Manifold>& manifold,
                          const std::string& part) {
    testing::expect_value_error([&] { Criterion(configs, tree, all_nodes, 0, manifold); }, part);
  };
  expect({}, false, space, "at least one");
  expect({term("die")}, false, space, "got die");
  expect({term("tree_min")}, false, space, "classifier.nodes: all");
  expect({term("tree_triplet")}, false, nullptr, "embedding space");
  expect({cross_entropy_at(4)}, false, space, "from 1 to 3, got 4");
  expect({cross_entropy_at(0, 1, "median_frequency")}, false, space, "training pixels");
  const Criterion criterion({cross_entropy_at(0), term("tree_triplet")}, tree, false, 0, space);
  LossInputs in = inputs(false);
  in.embedding = torch::Tensor();
  testing::expect_value_error([&] { (void)criterion(in); }, "got none");
  in = inputs(true);
  testing::expect_value_error([&] { (void)criterion(in); }, "expected 7 channels");
}

TEST_F(CriterionTest, NeedsEmbedding) {
  EXPECT_TRUE(Criterion::needs_embedding({cross_entropy_at(0), term("tree_triplet")}));
  EXPECT_FALSE(Criterion::needs_embedding({cross_entropy_at(0), term("tree_min")}));
}

TEST(NearestLabels, EqualTorchsNearestInterpolation) {
  for (const auto& [h, w, to_h, to_w] :
       {std::array{24, 21, 8, 7}, std::array{23, 30, 6, 8}, std::array{184, 240, 23, 30},
        std::array{7, 5, 13, 11}, std::array{128, 97, 43, 31}, std::array{5, 5, 5, 5}}) {
    const torch::Tensor labels = random_labels(50, {2, h, w}, h);
    const torch::Tensor expected =
        F::interpolate(labels.unsqueeze(1).to(torch::kFloat32),
                       F::InterpolateFuncOptions()
                           .size(std::vector<std::int64_t>{to_h, to_w})
                           .mode(torch::kNearest))
            .squeeze(1)
            .to(torch::kInt64);
    EXPECT_TRUE(torch::equal(nearest_labels(labels, to_h, to_w), expected)) << h << " " << to_h;
  }
}

TEST(TreeTablesOfHierarchy, GoThroughTheVirtualRoot) {
  const Hierarchy tree(pascal_part());
  const TreeTables tables = tree_tables(tree);
  EXPECT_EQ(tables.height, 3);
  EXPECT_EQ(tables.parents[0].item<int>(), -1);
  EXPECT_EQ(tables.parents[tree.find("head")].item<int>(), tree.find("upper_body"));
  const auto distance = [&](const char* u, const char* v) {
    return tables.distances[tree.find(u)][tree.find(v)].item<int>();
  };
  EXPECT_EQ(distance("head", "head"), 0);
  EXPECT_EQ(distance("head", "torso"), 2);
  // derivations.md H4: both are 4.
  EXPECT_EQ(distance("head", "background"), 4);
  EXPECT_EQ(distance("head", "low_leg"), 4);
}

}  // namespace gyroseg::criterion_test
