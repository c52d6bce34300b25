#include "gyroseg/config/topology_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/config_files.h"

namespace gyroseg::topology_plan_test {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::vector<std::string> kKnown = {"blur1", "blur2"};

const std::string kPlan =
    "base: base.yaml\n"
    "set: [training.epochs=2, classifier.input=embedding]\n"
    "spaces:\n"
    "  euclidean: {set: [optimizer.lr=0.01]}\n"
    "  sphere:\n"
    "  poincare: {curvatures: [1, 0.5, learned]}\n"
    "dimensions: [2, 16]\n"
    "seeds: [0, 1]\n"
    "corruptions: all\n"
    "arms:\n"
    "  flat: {set: [\"loss=[{name: cross_entropy}]\"]}\n"
    "  lorentz: {set: [embedding.space=lorentz, embedding.dim=16], twin: euclidean_d16}\n";

class TopologyPlanTest : public ::testing::Test {
 protected:
  TopologyPlan read(const std::string& text) {
    ConfigFiles::write("base.yaml", kMinimal);
    ConfigFiles::write("plan.yaml", text);
    return read_topology_plan("plan.yaml", kKnown);
  }
  std::string error(const std::string& text) {
    try {
      const TopologyPlan plan = read(text);
      for (const StudyArm& arm : arms_of(plan)) {
        (void)config_of(plan, arm, {});
      }
    } catch (const ConfigError& problem) {
      return problem.what();
    }
    return "";
  }

  ConfigFiles files_;
};

std::vector<std::string> names_of(const std::vector<StudyArm>& arms) {
  std::vector<std::string> names;
  for (const StudyArm& arm : arms) {
    names.push_back(arm.name);
  }
  return names;
}

TEST_F(TopologyPlanTest, TheGridAndTheArmsBesideIt) {
  const TopologyPlan plan = read(kPlan);
  const std::vector<StudyArm> arms = arms_of(plan);
  EXPECT_THAT(names_of(arms),
              ElementsAre("euclidean_d2", "sphere_d2", "poincare_c1_d2", "poincare_c0.5_d2",
                          "poincare_clearned_d2", "euclidean_d16", "sphere_d16", "poincare_c1_d16",
                          "poincare_c0.5_d16", "poincare_clearned_d16", "flat", "lorentz"));
  EXPECT_EQ(arms[0].twin, "");
  EXPECT_EQ(arms[3].twin, "euclidean_d2");
  EXPECT_EQ(arms[9].twin, "euclidean_d16");
  EXPECT_EQ(arms[10].twin, "");
  EXPECT_EQ(arms[11].twin, "euclidean_d16");
  EXPECT_EQ(plan.corruptions, kKnown);
  EXPECT_EQ(plan.name, "plan");
  const Config half = config_of(plan, arms[3], {"seed=7"});
  EXPECT_EQ(half.embedding.space, "poincare");
  EXPECT_EQ(half.embedding.curvature, 0.5);
  EXPECT_FALSE(half.embedding.learn_curvature);
  EXPECT_EQ(half.embedding.dim, 2);
  EXPECT_EQ(half.seed, 7U);
  EXPECT_EQ(half.training.epochs, 2);
  EXPECT_TRUE(config_of(plan, arms[9], {}).embedding.learn_curvature);
  EXPECT_EQ(config_of(plan, arms[0], {}).optimizer.lr, 0.01);
  EXPECT_EQ(config_of(plan, arms[1], {}).optimizer.lr, OptimizerConfig{}.lr);
}

// Geometry is the only thing that changes: the resolved configs of a dimension differ in `embedding` alone.
TEST_F(TopologyPlanTest, TwinsDifferInTheirEmbeddingAlone) {
  const TopologyPlan plan = read(
      "{base: base.yaml, spaces: [euclidean, sphere, poincare, lorentz], dimensions: [4], seeds: [0]}");
  const std::vector<StudyArm> arms = arms_of(plan);
  ASSERT_EQ(arms.size(), 4U);
  Config first = config_of(plan, arms[0], {});
  first.embedding = {};
  for (const StudyArm& arm : arms) {
    Config config = config_of(plan, arm, {});
    EXPECT_EQ(config.embedding.space, arm.space);
    config.embedding = {};
    EXPECT_EQ(write_config(config), write_config(first)) << arm.name;
  }
}

TEST_F(TopologyPlanTest, LossesAreAnAxis) {
  const TopologyPlan plan = read(
      "base: base.yaml\n"
      "spaces: [euclidean, poincare]\n"
      "dimensions: [4]\n"
      "seeds: [0]\n"
      "losses:\n"
      "  flat: [\"loss=[{name: cross_entropy}]\"]\n"
      "  triplet: [\"loss=[{name: cross_entropy}, {name: tree_triplet}]\"]\n");
  const std::vector<StudyArm> arms = arms_of(plan);
  EXPECT_THAT(names_of(arms), ElementsAre("euclidean_d4_flat", "poincare_c1_d4_flat",
                                          "euclidean_d4_triplet", "poincare_c1_d4_triplet"));
  EXPECT_EQ(arms[3].twin, "euclidean_d4_triplet");
  EXPECT_EQ(config_of(plan, arms[3], {}).loss.size(), 2U);
}

TEST_F(TopologyPlanTest, TuningHasASeedOfItsOwn) {
  const TopologyPlan plan =
      read(kPlan + "tune: {lr: [0.001, 0.01], seed: 9, split: val, set: [training.epochs=1]}\n");
  EXPECT_THAT(plan.tuning.lr, ElementsAre(0.001, 0.01));
  EXPECT_EQ(plan.tuning.seed, 9U);
  EXPECT_THAT(plan.tuning.overrides, ElementsAre("training.epochs=1"));
  EXPECT_THAT(error(kPlan + "tune: {lr: [0.001], seed: 1}\n"),
              HasSubstr("plan.yaml:13: tune.seed: expected an integer that is none of seeds, got 1"));
  EXPECT_THAT(error(kPlan + "tune: {lr: [0.001]}\n"), HasSubstr("tune.seed: expected"));
  EXPECT_THAT(error(kPlan + "tune: {seed: 4}\n"), HasSubstr("tune.lr: expected"));
  EXPECT_THAT(error(kPlan + "tune: {lr: [0.1], seed: 4, split: test}\n"),
              HasSubstr("tune.split: expected val, got test"));
}

TEST_F(TopologyPlanTest, EveryProblemWithItsLine) {
  const std::string text = error(
      "base: base.yaml\n"
      "spaces: {euclid: {}, euclidean: {curvatures: [1]}, poincare: {curvatures: [0], sett: []}}\n"
      "dimensions: [1, 2]\n"
      "seeds: [3, 3]\n"
      "set: [training]\n"
      "corruptions: [rain]\n"
      "sedes: 1\n"
      "arms: {a b: {}}\n");
  for (const char* line :
       {"plan.yaml:2: spaces: expected euclidean | sphere | poincare | lorentz, got euclid",
        "plan.yaml:2: spaces.euclidean.curvatures: unknown key",
        "plan.yaml:2: spaces.poincare.curvatures: expected a list of different numbers > 0 or learned, got [0]",
        "plan.yaml:2: spaces.poincare.sett: unknown key, did you mean set?",
        "plan.yaml:3: dimensions: expected a list of different integers >= 2, got [1, 2]",
        "plan.yaml:4: seeds: expected a list of different integers >= 0, got [3, 3]",
        "plan.yaml:5: set: expected a list of overrides such as [training.epochs=5], got [training]",
        "plan.yaml:6: corruptions: expected all, or a list of blur1 | blur2, got [rain]",
        "plan.yaml:7: sedes: unknown key, did you mean seeds?",
        "plan.yaml:8: arms.a b: expected a name of letters"}) {
    EXPECT_THAT(text, HasSubstr(line));
  }
}

TEST_F(TopologyPlanTest, WhatNoSingleKeyShows) {
  EXPECT_THAT(error("spaces: [euclidean]\ndimensions: [2]\n"), HasSubstr("base: expected the config"));
  EXPECT_THAT(error("spaces: [euclidean]\ndimensions: [2]\n"), HasSubstr("seeds: expected"));
  EXPECT_THAT(error("base: base.yaml\nspaces: [euclidean]\nseeds: [0]\n"),
              HasSubstr("dimensions: spaces and dimensions belong together"));
  EXPECT_THAT(error("{base: base.yaml, seeds: [0]}"), HasSubstr("expected spaces and dimensions, or arms"));
  EXPECT_THAT(error("{base: base.yaml, seeds: [0], arms: {a: {twin: b}}}"),
              HasSubstr("arms.a.twin: expected another arm of the plan, got b"));
  EXPECT_THAT(error("{base: base.yaml, seeds: [0], arms: {a: {set: [optimizer.rl=1]}}}"),
              HasSubstr("plan.yaml: arm a: --set optimizer.rl=1: optimizer.rl: unknown key"));
  EXPECT_THAT(error("{base: none.yaml, seeds: [0], arms: {a: {}}}"), HasSubstr("none.yaml: expected a YAML"));
  EXPECT_THAT(error("{base: base.yaml, seeds: [0], spaces: [euclidean, euclidean], dimensions: [2]}"),
              HasSubstr("two arms are called euclidean_d2"));
  EXPECT_THAT(error("{base: base.yaml, seeds: [0], spaces: [sphere, poincare], dimensions: [2]}"),
              HasSubstr("spaces: expected euclidean among them, which the others are compared with (reference)"));
  EXPECT_THAT(error("{base: base.yaml, seeds: [0], arms: {a: {twin: a}}}"),
              HasSubstr("arms.a.twin: expected another arm of the plan, got a"));
}

TEST_F(TopologyPlanTest, WhatThePlanVariesCannotBeOverridden) {
  const auto refuse = [](TopologyPlan plan, const std::vector<std::string>& overrides) {
    plan.on_top = overrides;
    refuse_axis_keys(plan);
  };
  const TopologyPlan plan = read(kPlan + "tune: {lr: [0.001, 0.01], seed: 9}\n");
  for (const char* key : {"seed", "name", "embedding.dim", "embedding.space", "optimizer.lr", "loss"}) {
    try {
      refuse(plan, {"training.epochs=1", std::string(key) + "=2"});
      ADD_FAILURE() << key;
    } catch (const ConfigError& refused) {
      EXPECT_THAT(refused.what(), HasSubstr(std::string(key) + " is not the same in all runs: change plan.yaml"));
    }
  }
  EXPECT_NO_THROW(refuse(plan, {"training.epochs=1", "embedding.max_norm=3"}));
  EXPECT_THROW(refuse(read(kPlan), {"optimizer.lr=1"}), ConfigError);  // Euclid has its own
  EXPECT_NO_THROW(refuse(read("{base: base.yaml, seeds: [0], arms: {a: {}}}"), {"optimizer.lr=1"}));
}

// The plans that come with the project: every run of theirs is a config.
TEST(TopologyPlans, AreRead) {
  const std::filesystem::path folder = std::filesystem::path(GYROSEG_SOURCE_DIR) / "configs/topologies";
  for (const auto& [name, arms] : {std::pair{"figures.yaml", 4U * 3U + 2U}, std::pair{"camvid.yaml", 4U}}) {
    SCOPED_TRACE(name);
    TopologyPlan plan = read_topology_plan(folder / name, kKnown);
    EXPECT_EQ(plan.corruptions, kKnown);
    const std::vector<StudyArm> all = arms_of(plan);
    EXPECT_EQ(all.size(), arms);
    for (const StudyArm& arm : all) {
      EXPECT_NO_THROW((void)config_of(plan, arm, plan.tuning.overrides)) << arm.name;
    }
  }
}

}  // namespace gyroseg::topology_plan_test
