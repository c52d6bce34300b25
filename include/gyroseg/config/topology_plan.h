#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "gyroseg/config/config.h"

namespace gyroseg {

/// A named value of an axis: a loss, or an arm of its own.
struct PlanChoice {
  std::string name;                    ///< part of folder names
  std::vector<std::string> overrides;  ///< "a.b=c", as --set
  std::string place;                   ///< "plan.yaml:7"
  std::string twin = {};  ///< of an arm: the one it is compared with; "" = none
};

struct PlanSpace {
  std::string name;                     ///< embedding.space
  std::vector<std::string> curvatures;  ///< "1", "0.5", "learned"; empty where c means nothing
  std::vector<std::string> overrides;   ///< the fairness protocol's settings of this space
  std::string place;
};

/// The same budget for every arm: one training a learning rate.
struct PlanTuning {
  std::vector<double> lr;  ///< empty: nothing is tuned
  std::uint64_t seed = 0;  ///< none of the plan's seeds
  std::vector<std::string> overrides;
};

/// A comparison of embedding spaces; docs/compare_topologies.md documents the keys.
struct TopologyPlan {
  std::filesystem::path file;
  std::string name;  ///< the file's, without extension, unless given
  std::string title;
  std::filesystem::path base;  ///< config of all runs
  std::vector<std::string> overrides;
  std::vector<PlanSpace> spaces;
  std::vector<int> dimensions;
  std::vector<PlanChoice> losses;  ///< at least one; "" = the base's loss
  std::vector<PlanChoice> arms;    ///< beside the grid
  std::vector<std::uint64_t> seeds;
  std::string reference = "euclidean";  ///< space of the twins
  PlanTuning tuning;
  std::vector<std::string> corruptions;  ///< names of data/corruption.h
  std::vector<std::string> on_top;       ///< overrides of all runs, over all others: the command line's
};

/// One cell of the grid or one arm of the plan, trained once a seed.
struct StudyArm {
  std::string name;       ///< "poincare_c1_d16", "poincare_clearned_d16_triplet"
  std::string space;      ///< "" of an arm beside the grid
  std::string curvature;  ///< "1", "learned", "" where c means nothing
  int dim = 0;            ///< 0 beside the grid
  std::string loss;
  std::string twin;       ///< name of the arm with the reference's space and all else equal; "" = none
  std::vector<std::string> overrides;
};

/// Reads a plan. `corruptions` are the names that are known. Throws ConfigError with every problem, a
/// line each: "plan.yaml:4: seeds: expected ..., got ...".
[[nodiscard]] TopologyPlan read_topology_plan(const std::filesystem::path& file,
                                              const std::vector<std::string>& corruptions);

/// The grid in the plan's order, then the arms beside it. Cells that differ in a curvature that means
/// nothing are one. Throws ConfigError: two arms of one name, a twin that is none.
[[nodiscard]] std::vector<StudyArm> arms_of(const TopologyPlan& plan);

/// Throws ConfigError where on_top has a key in which the plan's runs differ: seed and name, the embedding's
/// of a grid, optimizer.lr where it is tuned, what spaces, losses and arms set.
void refuse_axis_keys(const TopologyPlan& plan);

/// The config of one run of an arm, `more` on top. Throws ConfigError, which names the arm.
[[nodiscard]] Config config_of(const TopologyPlan& plan, const StudyArm& arm,
                               const std::vector<std::string>& more);

}  // namespace gyroseg
