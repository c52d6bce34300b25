#pragma once

#include <string>
#include <vector>

#include "gyroseg/report/run_summary.h"

namespace gyroseg {

/// The data set that a run was evaluated on, with what corrupted it.
[[nodiscard]] std::string data_of(const RunSummary& run);

/// An entry of metrics.json; `otherwise` where an earlier version did not write it.
[[nodiscard]] std::string context_of(const RunSummary& run, const std::string& key,
                                     const std::string& otherwise = "");

/// Equal for runs whose figures may be compared: those of the same data, split, tree, background, image
/// size, resolution and inference settings. Trees are the same where their classes are, whatever their
/// order, mask values and copies of repeated leaves.
[[nodiscard]] std::string comparable_of(const RunSummary& run);

/// What separates runs and has no column, a line each: "Runs differ in image size: 48 x 64 (a, b); 64 x 64
/// (c)."
[[nodiscard]] std::vector<std::string> condition_notes(const std::vector<RunSummary>& runs);

}  // namespace gyroseg
