#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "gyroseg/config/config.h"

namespace gyroseg {

/// Files of one training run.
///
///   config.yaml                 the resolved config; train takes it back
///   config.original.yaml, .json the file that the user gave, byte for byte
///   last.safetensors, .json     everything that --resume needs
///   best.safetensors, .json     the weights of the best validation
///   metrics.jsonl               one line a validation
///   events/                     for TensorBoard, with training.tensorboard
///   embeddings/                 with training.embedding_snapshots
struct RunFolder {
  std::filesystem::path path;

  [[nodiscard]] std::filesystem::path config() const { return path / "config.yaml"; }
  [[nodiscard]] std::filesystem::path last() const { return path / "last.safetensors"; }
  [[nodiscard]] std::filesystem::path best() const { return path / "best.safetensors"; }
  [[nodiscard]] std::filesystem::path metrics() const { return path / "metrics.jsonl"; }
  [[nodiscard]] std::filesystem::path events() const { return path / "events"; }
  [[nodiscard]] std::filesystem::path embeddings() const { return path / "embeddings"; }

  /// Where evaluate writes the figures of a split, unless told otherwise: the test split's stand in the
  /// run folder itself.
  [[nodiscard]] std::filesystem::path evaluation(const std::string& split) const;

  /// The file of `--checkpoint best|last|PATH`.
  [[nodiscard]] std::filesystem::path checkpoint(const std::string& choice) const;
};

/// Names the folder of a new run and touches nothing. `path` empty: config.output_dir/<name>_<start
/// time>. Throws CheckpointError where the folder holds a run already.
[[nodiscard]] RunFolder new_run(const std::filesystem::path& path, const Config& config);

/// Makes the folder and writes config.yaml, and a copy of `original` (its extension kept) where
/// that is a file. Throws CheckpointError, DataError.
void begin_run(const RunFolder& run, const Config& config,
               const std::filesystem::path& original = {});

/// With training.link_best: config.output_dir/<name>_best.safetensors.
[[nodiscard]] std::filesystem::path best_link(const Config& config);

/// Makes best_link lead to the run's best checkpoint, whatever link was there. Throws
/// CheckpointError where a file of that name is none, or no link can be made.
void link_best(const RunFolder& run, const Config& config);

/// Overrides that leave out the files which weights of a new network come from (model.pretrained,
/// classifier.prototypes, training.init_from), then the given ones: a checkpoint holds what came
/// from them, and a file that has gone since is no error.
[[nodiscard]] std::vector<std::string> without_first_files(
    const std::vector<std::string>& overrides);

/// The same, and on the CPU: for whoever reads a config's tree and data and builds no network.
[[nodiscard]] std::vector<std::string> without_network(const std::vector<std::string>& overrides = {});

/// The run folder root/name or, where there is none, root/<name>_<start time> of the latest start. Throws
/// CheckpointError, listing the runs that there are.
[[nodiscard]] RunFolder find_run(const std::filesystem::path& root, const std::string& name);

/// The file of `--checkpoint best|last|PATH`. config: the run's own. Throws CheckpointError where there is none,
/// and says why.
[[nodiscard]] std::filesystem::path find_checkpoint(const RunFolder& run, const std::string& choice,
                                                    const Config& config);

/// A folder that train made. Throws CheckpointError, naming what is missing.
[[nodiscard]] RunFolder open_run(const std::filesystem::path& path);

}  // namespace gyroseg
