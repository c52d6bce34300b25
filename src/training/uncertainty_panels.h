#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "gyroseg/report/panel_grid.h"
#include "gyroseg/training/embedding_pass.h"

namespace gyroseg {

/// One row a sample: image, truth and prediction at the finest level, distance of each pixel's
/// embedding from the origin, and probability of the predicted class, both on one colour scale for all
/// rows: that of the distances from their 1st to their 99th percentile, of probabilities from 0 to 1. The
/// network has an embedding; at least one sample.
[[nodiscard]] PanelGrid uncertainty_panels(const EmbeddingNetwork& network,
                                           const SegmentationDataset& data,
                                           const std::vector<std::int64_t>& samples,
                                           const std::string& title);

}  // namespace gyroseg
