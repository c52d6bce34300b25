// What every loss of the config promises, through the Criterion.
#include <functional>
#include <optional>

#include <gtest/gtest.h>
#include <torch/types.h>

#include "gyroseg/losses/criterion.h"
#include "random_batch.h"
#include "support/gradient_check.h"
#include "support/one_thread.h"

namespace gyroseg::loss_contracts_test {

using testing::random_labels;
using testing::random_logits;

struct Case {
  const char* name;
  bool all_nodes;
  int level;
};

const Case kCases[] = {
    {"cross_entropy", false, kAllLevels},   {"cross_entropy", true, 2},
    {"focal", false, kAllLevels},           {"focal", true, kAllLevels},
    {"dice", false, kAllLevels},            {"dice", true, 2},
    {"total_variation", false, kAllLevels}, {"total_variation", true, 0},
    {"boundary", false, kAllLevels},        {"boundary", true, 2},
    {"bce", true, 0},                       {"hierarchical_softmax", true, 0},
    {"tree_min", true, 0},
};

/// One loss on a random batch with labels of inner nodes and ignored pixels.
class Problem {
 public:
  explicit Problem(const Case& c) {
    LossConfig config;
    config.name = c.name;
    config.level = c.level;
    config.gamma = 2.0;
    criterion_.emplace(std::vector<LossConfig>{config}, tree_, c.all_nodes, 0.0, nullptr);
    logits = random_logits({2, c.all_nodes ? tree_.num_nodes() : tree_.num_leaves(), 3, 4},
                           torch::kFloat64, 1);
    labels = random_labels(tree_.num_nodes(), {2, 3, 4}, 2);
  }

  [[nodiscard]] torch::Tensor value(const torch::Tensor& z, const torch::Tensor& y) const {
    LossInputs inputs;
    inputs.logits = z;
    inputs.labels = y;
    return (*criterion_)(inputs).total;
  }
  [[nodiscard]] torch::Tensor gradient(const torch::Tensor& z, const torch::Tensor& y) const {
    return testing::gradient([&](const torch::Tensor& x) { return value(x, y); }, z);
  }

  torch::Tensor logits;
  torch::Tensor labels;

 private:
  Hierarchy tree_ = testing::tree_of_height(3, 7);
  std::optional<Criterion> criterion_;
};

void for_each_loss(const std::function<void(const Problem&)>& check) {
  const testing::OneThread one_thread;
  for (const Case& c : kCases) {
    SCOPED_TRACE(std::string(c.name) + (c.all_nodes ? " of nodes" : " of leaves") + " at level " +
                 std::to_string(c.level));
    check(Problem(c));
  }
}

TEST(LossContracts, GradientEqualsDifferences) {
  for_each_loss([](const Problem& p) {
    // Central differences in float64: rounding and truncation stay below 1e-9 of the largest entry.
    EXPECT_LT(testing::gradient_error(
                  [&](const torch::Tensor& z) { return p.value(z, p.labels); }, p.logits),
              1e-7);
  });
}

TEST(LossContracts, LabelsAreNeverChanged) {
  for_each_loss([](const Problem& p) {
    const torch::Tensor before = p.labels.clone();
    (void)p.gradient(p.logits, p.labels);
    EXPECT_TRUE(torch::equal(p.labels, before));
  });
}

TEST(LossContracts, NothingToLearnIsAnExactZero) {
  for_each_loss([](const Problem& p) {
    const torch::Tensor ignored = torch::full_like(p.labels, kIgnored);
    EXPECT_EQ(p.value(p.logits, ignored).item<double>(), 0.0);
    EXPECT_TRUE(torch::equal(p.gradient(p.logits, ignored), torch::zeros_like(p.logits)));
  });
}

TEST(LossContracts, IgnoredPixelsTakeNoPart) {
  for_each_loss([](const Problem& p) {
    const torch::Tensor ignored = p.labels.eq(kIgnored).unsqueeze(1);
    ASSERT_TRUE(ignored.any().item<bool>());
    const torch::Tensor other = torch::where(ignored, 3 - 2 * p.logits, p.logits);
    EXPECT_EQ(p.value(other, p.labels).item<double>(), p.value(p.logits, p.labels).item<double>());
    EXPECT_EQ(testing::largest(p.gradient(p.logits, p.labels) * ignored), 0.0);
  });
}

TEST(LossContracts, StridesOfSinglePixelsMeanNothing) {
  for_each_loss([](const Problem& p) {
    const torch::Tensor column = p.logits.slice(3, 0, 1).contiguous();
    const torch::Tensor labels = p.labels.slice(2, 0, 1).contiguous();
    const torch::Tensor free =
        column.as_strided(column.sizes(), {column.stride(0), column.stride(1), 1, 40});
    ASSERT_TRUE(free.is_contiguous());
    EXPECT_EQ(p.value(free, labels).item<double>(), p.value(column, labels).item<double>());
  });
}

TEST(LossContracts, FiniteForSaturatedLogits) {
  for_each_loss([](const Problem& p) {
    for (const double spread : {1e2, 1e4}) {
      const torch::Tensor logits = (p.logits * spread).to(torch::kFloat32);
      EXPECT_TRUE(p.value(logits, p.labels).isfinite().item<bool>()) << spread;
      EXPECT_TRUE(p.gradient(logits, p.labels).isfinite().all().item<bool>()) << spread;
    }
  });
}

TEST(LossContracts, Float32AgreesWithFloat64) {
  for_each_loss([](const Problem& p) {
    const torch::Tensor narrow = p.logits.to(torch::kFloat32);
    const torch::Tensor result = p.value(narrow, p.labels);
    EXPECT_EQ(result.scalar_type(), torch::kFloat32);
    EXPECT_NEAR(result.item<double>(),
                p.value(narrow.to(torch::kFloat64), p.labels).item<double>(), 1e-5);
  });
}

// Seed 004's wrapper: any loss of the leaves at every level, parents by the sums of their children.
TEST(LevelsOfATerm, AddUpWithTheirWeights) {
  const Hierarchy tree(pascal_part());
  LossInputs inputs;
  inputs.logits = random_logits({2, 7, 6, 5}, torch::kFloat64, 3);
  inputs.labels = random_labels(10, {2, 6, 5}, 4);
  const torch::Tensor counts = torch::tensor({100, 1, 2, 3, 4, 5, 6, 0, 0, 0}, torch::kInt64);
  const auto weigh = [](const torch::Tensor& of_level, const std::string&) {
    return 1.0 / of_level.to(torch::kFloat32);
  };
  const auto measure = [&](const LossConfig& config) {
    return Criterion({config}, tree, false, 0, nullptr, counts, weigh)(inputs).terms.at(0);
  };
  for (const std::string name : {"cross_entropy", "focal", "dice"}) {
    LossConfig config;
    config.name = name;
    config.gamma = 2;
    config.class_weights = "inverse_frequency";
    std::vector<double> single;
    for (const int k : {1, 2, 3}) {
      config.level = k;
      single.push_back(measure(config).value.item<double>());
    }
    EXPECT_NE(single[0], single[1]);
    config.level = kAllLevels;
    const LossTerm all = measure(config);
    EXPECT_EQ(all.label, name + "@all");
    EXPECT_EQ(all.support, inputs.labels.ge(0).logical_and(inputs.labels.lt(7)).sum().item<int>());
    EXPECT_NEAR(all.value.item<double>(), single[0] + single[1] + single[2], 1e-12);
    config.level = 0;
    config.levels = {1, 3};
    config.level_weights = {0.25, 2};
    const LossTerm two = measure(config);
    EXPECT_EQ(two.label, name + "@1+3");
    EXPECT_NEAR(two.value.item<double>(), 0.25 * single[0] + 2 * single[2], 1e-12);
  }
}

// Twelve channels: the levels of HSSN each have one channel a class.
TEST(RepeatedLeaves, EveryLossReadsThem) {
  TreeSpec spec = pascal_part();
  spec.repeat_shallow_leaves = true;
  const Hierarchy tree(spec);
  std::vector<LossConfig> configs;
  for (const char* name :
       {"cross_entropy", "focal", "dice", "bce", "hierarchical_softmax", "tree_min"}) {
    configs.emplace_back().name = name;
    configs.back().level = kAllLevels;
  }
  const Criterion criterion(configs, tree, true, 0, nullptr);
  LossInputs inputs;
  inputs.logits = random_logits({1, 12, 4, 4}, torch::kFloat64, 5).requires_grad_(true);
  inputs.labels = random_labels(7, {1, 4, 4}, 6);
  criterion(inputs).total.backward();
  EXPECT_TRUE(inputs.logits.grad().isfinite().all().item<bool>());
  // Siblings in the tree as written stay siblings for the triplets, and distances stay.
  const TreeTables tables = tree_tables(tree);
  const TreeTables plain = tree_tables(Hierarchy(pascal_part()));
  EXPECT_TRUE(torch::equal(tables.distances, plain.distances));
  EXPECT_TRUE(torch::equal(tables.parents, plain.parents));
  EXPECT_EQ(tables.height, plain.height);
}

}  // namespace gyroseg::loss_contracts_test
