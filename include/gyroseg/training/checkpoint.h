#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include <torch/nn/module.h>
#include <torch/optim/optimizer.h>

#include "gyroseg/config/config.h"
#include "gyroseg/hierarchy/hierarchy.h"
#include "gyroseg/metrics/moments.h"
#include "gyroseg/training/optimizer.h"
#include "gyroseg/training/weight_average.h"

namespace gyroseg {

/// A checkpoint or a run folder cannot be used; what() is one line that names it and says what to do.
class CheckpointError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Where a training stands, besides the tensors.
struct TrainingState {
  std::int64_t step = 0;         ///< optimiser steps made
  std::int64_t total_steps = 0;  ///< of the schedule that was running
  double best = 0;               ///< value of training.best at best_step
  std::int64_t best_step = -1;   ///< -1: no validation yet
  int stale_validations = 0;     ///< since the last improvement
  std::int64_t ema_updates = 0;
  std::map<std::string, Moments> losses;  ///< of each term, over the steps since the last validation
};

/// What a training checkpoint holds. `average` may be null.
struct TrainingObjects {
  torch::nn::Module& model;
  torch::optim::Optimizer& optimizer;
  WeightAverage* average;
};

/// Writes FILE (safetensors: the model under its own names, "optimizer/..." and "average/...", the state
/// as JSON in the metadata key "state", the config as YAML in "config") and beside it the same state as
/// FILE with extension .json. Each is written to a temporary name, flushed and renamed; the safetensors
/// alone decides on resuming, and the network can be rebuilt from it alone.
void save_training(const std::filesystem::path& file, const TrainingObjects& objects,
                   const TrainingState& state, const Config& config);

/// Restores what save_training wrote. Throws CheckpointError: missing, corrupt, or of another model.
[[nodiscard]] TrainingState load_training(const std::filesystem::path& file,
                                          const TrainingObjects& objects);

/// Writes the weights that validation used (the model's as they stand) with the state, for use.
void save_weights(const std::filesystem::path& file, const torch::nn::Module& model,
                  const TrainingState& state, const Config& config);

/// The config of the training that wrote a checkpoint, without the files that its first weights came
/// from; overrides as --set. Nothing in checkpoints of earlier versions.
/// Throws CheckpointError, ConfigError.
[[nodiscard]] std::optional<Config> config_in(const std::filesystem::path& file,
                                              const std::vector<std::string>& overrides = {});

/// Loads a checkpoint's model weights, all of them. Throws CheckpointError listing what does not fit.
/// Returns the state it was written with.
TrainingState load_weights(const std::filesystem::path& file, torch::nn::Module& model);

/// Initialises a model of `tree` as far as names and shapes fit (training.init_from). source: a run
/// folder, whose best checkpoint is taken, else its last; or any file of weights. Tensors named in `keep`
/// stay, and those of the classes (is_of_classes) where the source is a checkpoint of ours for another
/// tree. Returns a line: the file, and what was loaded / missing / unexpected / mismatched. Throws
/// CheckpointError where nothing fits, WeightsError.
std::string init_weights(const std::filesystem::path& source, torch::nn::Module& model,
                         const Hierarchy& tree, const std::set<std::string>& keep = {});

}  // namespace gyroseg
