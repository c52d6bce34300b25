#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "gyroseg/config/config.h"
#include "gyroseg/report/metrics_files.h"

namespace gyroseg {

/// What a table says of a run, from its folder alone: config.yaml, metrics.json (evaluate), and
/// metrics.jsonl where it is there.
struct RunSummary {
  std::filesystem::path folder;
  std::string name;  ///< the folder's, without a seed at its end: tree_min_seed0 is tree_min
  Config config;
  StoredEvaluation evaluation;
  std::optional<double> parameters;  ///< numbers in all parameters
  std::optional<double> training_images_per_second;    ///< the fastest between two validations
  std::optional<double> evaluation_images_per_second;  ///< of the network and the decoding of all modes
};

/// mode: of decode, "" = the first one evaluated. Throws DataError, ConfigError: a file is missing
/// or broken, the mode or the split is not in metrics.json.
[[nodiscard]] RunSummary read_run_summary(const std::filesystem::path& folder,
                                          const std::string& mode = "");

}  // namespace gyroseg
