#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "gyroseg/training/assembly.h"
#include "gyroseg/training/checkpoint.h"
#include "gyroseg/training/run_folder.h"

namespace gyroseg {

/// A trained run, ready for use: the network in evaluation mode with a checkpoint's weights.
struct LoadedRun {
  RunFolder folder;
  Config config;
  Hierarchy tree;
  Segmenter model;
  LabelDecoder decoder;
  TrainingState state;  ///< where the training stood that wrote the checkpoint
};

/// checkpoint: best | last | a path. overrides: as --set, on top of the run's own config.
/// Throws CheckpointError, ConfigError.
[[nodiscard]] LoadedRun load_run(const std::filesystem::path& folder, const std::string& checkpoint,
                                 const std::vector<std::string>& overrides);

}  // namespace gyroseg
