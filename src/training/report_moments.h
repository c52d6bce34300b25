#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "gyroseg/data/dataset.h"
#include "gyroseg/training/embedding_snapshot.h"
#include "gyroseg/training/run_figures.h"
#include "gyroseg/training/run_report.h"

namespace gyroseg {

/// What the trainer kept at its validations: at most 25 moments, the last one among them; those of other
/// pixels than the last's (another image size or tree) are left out. Nothing where it kept none, or more
/// pixels than `points`. Throws WeightsError naming the file.
[[nodiscard]] std::vector<EmbeddingSnapshot> kept_moments(const RunFolder& folder, std::int64_t points);

/// What a checkpoint makes of a split: one moment, and for captions of which weights; no moment where the
/// network has no embedding. Throws CheckpointError, WeightsError, DataError.
struct CheckpointMoment {
  std::vector<EmbeddingSnapshot> moments;
  std::string checkpoint;  ///< "best (step 120)"
};
[[nodiscard]] CheckpointMoment checkpoint_moment(const FigureRun& run, const ReportRequest& request,
                                                 const SegmentationDataset& data, const PixelSample& sample);

/// Where the images of pixels are in a data set now, by the index that they had: their place where the name there
/// is still theirs, else that of the one image of the name. Throws DataError naming an image that is not
/// there, or there twice.
[[nodiscard]] std::map<std::int64_t, std::int64_t> images_of(const PixelEmbeddings& pixels,
                                                             const SegmentationDataset& data);

}  // namespace gyroseg
