#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "gyroseg/data/dataset.h"
#include "gyroseg/report/panel_grid.h"
#include "gyroseg/training/loaded_run.h"

namespace gyroseg {

/// Samples of a data set: those whose image has one of the names (with or without extension, in
/// their order), else `count` of them, spread evenly. Throws DataError on a name that no image has,
/// with the nearest one.
[[nodiscard]] std::vector<std::int64_t> choose_samples(const SegmentationDataset& dataset,
                                                       const std::vector<std::string>& names,
                                                       std::int64_t count);

struct NamedRun {
  std::string name;
  LoadedRun run;
};

/// One grid a level of `levels`, one row a sample. Of one run: image, truth, prediction; of
/// several: image, each run's prediction, truth. Predictions are those of each run's first decode
/// mode, at the image's own size; below them their share of right pixels, the ignored ones left
/// out.
///
///   runs     at least one, all with the classes of the first (class_map.h)
///   dataset  a split as the first run's config has it
///   Throws   DataError naming the file; c10::ValueError on runs of other classes
[[nodiscard]] std::vector<PanelGrid> run_panels(std::vector<NamedRun>& runs,
                                                const SegmentationDataset& dataset,
                                                const std::vector<std::int64_t>& samples,
                                                const std::vector<int>& levels,
                                                const std::string& split);

}  // namespace gyroseg
