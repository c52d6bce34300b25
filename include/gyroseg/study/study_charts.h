#pragma once

#include <vector>

#include "gyroseg/report/run_log.h"
#include "gyroseg/study/comparison.h"

namespace gyroseg {

/// Each measure of the clean split against the dimension, one chart a level: a line a space and curvature, a
/// dash a loss, bands of the 95 % interval of the mean over the seeds. Arms beside the grid are level
/// lines without a band, unless they have a twin. Nothing without two dimensions. "miou_level3", "tree_distance_of_errors".
[[nodiscard]] std::vector<NamedChart> study_charts(const std::vector<ComparisonTable>& tables);

}  // namespace gyroseg
