#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "gyroseg/config/topology_plan.h"

namespace gyroseg {

/// One training of a plan.
struct StudyRun {
  std::string name;  ///< "poincare_c1_d16_seed0", "poincare_c1_d16_lr0.001"
  const StudyArm* arm = nullptr;
  std::uint64_t seed = 0;
  std::optional<double> lr;  ///< optimizer.lr in place of the arm's
  bool tuning = false;       ///< for the learning rate: on validation data only
};

/// Where a study's files are.
///
///   output/runs/RUN   config.yaml, metrics.jsonl, measures.csv, metrics.json: what is kept of a run; the
///                     last one marks it as done; config.yaml, metrics.jsonl, `diverged` where it did
///   output/tune/RUN   config.yaml, metrics.jsonl of a tuning run, which marks it as done; `diverged` where it did
///   output/tuned.csv  every learning rate tried, its validation mIoU, and which one was taken
///   work/RUN          the run folder of train with its checkpoints, and log.txt of both programs. The last
///                     checkpoint goes when the run is done, a tuning run's folder as a whole
struct StudyFolders {
  std::filesystem::path output;
  std::filesystem::path work;

  [[nodiscard]] std::filesystem::path kept(const StudyRun& run) const {
    return output / (run.tuning ? "tune" : "runs") / run.name;
  }
  [[nodiscard]] std::filesystem::path working(const StudyRun& run) const {
    return work / run.name;
  }
};

/// The trainings that choose an arm's learning rate: one a rate. None without tuning.
[[nodiscard]] std::vector<StudyRun> tuning_runs(const TopologyPlan& plan, const StudyArm& arm);

/// The measured trainings of an arm, one a seed. lr: what tuning chose.
[[nodiscard]] std::vector<StudyRun> measured_runs(const TopologyPlan& plan, const StudyArm& arm,
                                                  const std::optional<double>& lr);

/// The run's config: seed, learning rate and name on top of its arm's. Throws ConfigError.
[[nodiscard]] Config config_of(const TopologyPlan& plan, const StudyRun& run);

enum class RunState {
  missing,
  started,  ///< work has a checkpoint to go on from
  trained,  ///< work has the best checkpoint of a measured run that is not kept (any more): to be measured
  done      ///< kept, with its figures or as diverged
};

/// What is there of a run. Throws ConfigError where it was made by another config than `config`, naming the
/// lines that differ and what to do.
[[nodiscard]] RunState state_of(const StudyRun& run, const Config& config, const StudyFolders& folders);

/// Whether the run is kept, whatever its config.
[[nodiscard]] bool is_kept(const StudyRun& run, const StudyFolders& folders);

/// Whether it is kept and was made by the plan's config.
[[nodiscard]] bool is_done(const TopologyPlan& plan, const StudyRun& run, const StudyFolders& folders);

/// Copies what is kept of a run out of its work folder, the marking file last, then removes what is no longer
/// needed. Throws DataError.
void keep_run(const StudyRun& run, const StudyFolders& folders);

/// Keeps a run whose loss stayed non-finite, as one without figures.
void keep_diverged(const StudyRun& run, const StudyFolders& folders);
[[nodiscard]] bool has_diverged(const StudyRun& run, const StudyFolders& folders);

}  // namespace gyroseg
