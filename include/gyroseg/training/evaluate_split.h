#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "gyroseg/report/metrics_files.h"
#include "gyroseg/training/loaded_run.h"

namespace gyroseg {

struct EvaluationOptions {
  std::string split = "test";
  std::filesystem::path predictions = {};  ///< folder for the masks of every image, "" = none
  std::filesystem::path views = {};        ///< folder for views of samples, "" = none
  std::int64_t num_views = 10;             ///< at most, spread evenly over the split
  bool overwrite = false;                  ///< masks and views that are there already
  std::string corruption = "none";         ///< of the images (data/corruption.h)
};

struct Evaluation {
  std::vector<ModeReport> modes;  ///< in the order of config.decode
  MetricsContext context;         ///< what was evaluated, how, and at which speed
};

/// Measures a trained network on one split, by config.inference, config.decode and
/// config.metrics.resolution: batches at data.image_size, or image by image against the masks as
/// they are. Writes the masks (report/prediction_masks.h) and views (report/sample_view.h) asked
/// for, of the first decode mode, at the size of the labels it is measured against.
/// progress(images done, images in all). Throws DataError: the data, files that are there already,
/// or two images of one name where files are written.
[[nodiscard]] Evaluation evaluate_split(
    LoadedRun& run, const EvaluationOptions& options,
    const std::function<void(std::int64_t, std::int64_t)>& progress = {});

/// The tables of all modes, the classes of the first, and how it was measured.
[[nodiscard]] std::string describe(const Evaluation& evaluation, const LoadedRun& run);

}  // namespace gyroseg
