#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "gyroseg/data/dataset.h"
#include "gyroseg/training/assembly.h"
#include "gyroseg/training/checkpoint.h"
#include "gyroseg/training/run_folder.h"

namespace gyroseg {

/// A trained run, ready for use: the network in evaluation mode with a checkpoint's weights.
struct LoadedRun {
  RunFolder folder;                   ///< its path is empty where there is none
  std::filesystem::path config_file;  ///< what `config` was read from: the checkpoint, of load_checkpoint
  std::string checkpoint;             ///< as asked for
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

/// The same without a run folder. config_file: of ours or SegHiero's own; weights: the checkpoint
/// of a training by it. Throws ConfigError; CheckpointError, which names the tensors that do not fit, or
/// what in the network differs from that of the config which the checkpoint carries.
[[nodiscard]] LoadedRun load_weights_of(const std::filesystem::path& config_file,
                                        const std::filesystem::path& weights,
                                        const std::vector<std::string>& overrides);

/// The same from a checkpoint alone, by the config that it carries. Throws CheckpointError, ConfigError.
[[nodiscard]] LoadedRun load_checkpoint(const std::filesystem::path& file,
                                        const std::vector<std::string>& overrides);

/// Classes of one image at every level, at the image's own size, as the run's `inference` says: one
/// Decoded a mode, [1,h,w], on the run's device. input: load_image with the run's own config.data.
[[nodiscard]] std::vector<Decoded> segment(LoadedRun& run, const InputImage& input,
                                           const std::vector<std::string>& modes);

}  // namespace gyroseg
