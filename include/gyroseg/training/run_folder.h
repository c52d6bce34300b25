#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "gyroseg/config/config.h"

namespace gyroseg {

/// Files of one training run.
///
///   config.yaml                 the resolved config; train takes it back
///   last.safetensors, .json     everything that --resume needs
///   best.safetensors, .json     the weights of the best validation
///   metrics.jsonl               one line a validation
struct RunFolder {
  std::filesystem::path path;

  [[nodiscard]] std::filesystem::path config() const { return path / "config.yaml"; }
  [[nodiscard]] std::filesystem::path last() const { return path / "last.safetensors"; }
  [[nodiscard]] std::filesystem::path best() const { return path / "best.safetensors"; }
  [[nodiscard]] std::filesystem::path metrics() const { return path / "metrics.jsonl"; }

  /// The file of `--checkpoint best|last|PATH`.
  [[nodiscard]] std::filesystem::path checkpoint(const std::string& choice) const;
};

/// Names the folder of a new run and touches nothing. `path` empty: config.output_dir/<name>_<start
/// time>. Throws CheckpointError where the folder holds a run already.
[[nodiscard]] RunFolder new_run(const std::filesystem::path& path, const Config& config);

/// Makes the folder and writes config.yaml. Throws CheckpointError, DataError.
void begin_run(const RunFolder& run, const Config& config);

/// Overrides that leave out the files which weights of a new network come from (model.pretrained,
/// classifier.prototypes, training.init_from), then the given ones: a checkpoint holds what came
/// from them, and a file that has gone since is no error.
[[nodiscard]] std::vector<std::string> without_first_files(
    const std::vector<std::string>& overrides);

/// A folder that train made. Throws CheckpointError, naming what is missing.
[[nodiscard]] RunFolder open_run(const std::filesystem::path& path);

}  // namespace gyroseg
