#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <cxxopts.hpp>

#include "gyroseg/training/evaluate_split.h"
#include "gyroseg/training/loaded_run.h"

namespace gyroseg {

/// Options of a program that uses a trained network: --config, --checkpoint, --experiment-name, --device
/// and --set. The program itself has --run.
void add_trained_options(cxxopts::Options& options);

/// --set in order, then --device. Either may be missing in the options.
[[nodiscard]] std::vector<std::string> overrides_of(const cxxopts::ParseResult& arguments);

/// The network that --run, --experiment-name, or --checkpoint FILE (with --config or by the config in it)
/// name. Throws UsageError where they name none or several.
[[nodiscard]] LoadedRun load_trained(const cxxopts::ParseResult& arguments);

/// Evaluates with a progress bar, prints the tables, and writes the figures into `output` unless that
/// is empty.
void evaluate_and_write(LoadedRun& run, const EvaluationOptions& options,
                        const std::filesystem::path& output);

}  // namespace gyroseg
