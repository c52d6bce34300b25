#pragma once

#include <vector>

#include "gyroseg/report/run_log.h"
#include "gyroseg/study/comparison.h"

namespace gyroseg {

/// Each measure of the clean split against the dimension, two charts a level: a line a space and curvature,
/// a dash a loss, bands of the 95 % interval over the seeds. First the means ("miou_level3",
/// "tree_distance_of_errors"); arms beside the grid are level lines without a band, left out where their
/// twin has a twin. Then the differences to the twins, seed by seed ("miou_level3_difference"). Nothing
/// without two dimensions.
[[nodiscard]] std::vector<NamedChart> study_charts(const std::vector<ComparisonTable>& tables);

}  // namespace gyroseg
