#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "gyroseg/training/loaded_run.h"

namespace gyroseg {

/// One figure of one run.
struct Measure {
  std::string corruption;  ///< "none", or a name of data/corruption.h
  int level = 0;           ///< 1 the coarsest; 0: of no level
  std::string name;        ///< docs/compare_topologies.md lists them
  std::optional<double> value;
};

/// Measures a trained run on a split as it is ("none"), then on corrupted copies. Images and labels are
/// at data.image_size, the network sees whole images, decoding is by the first mode. Nothing is kept of a
/// pixel but counts. progress(images done, images in all the copies). Throws DataError.
[[nodiscard]] std::vector<Measure> measure_run(
    LoadedRun& run, const std::string& split, const std::vector<std::string>& corruptions,
    const std::function<void(std::int64_t, std::int64_t)>& progress = {});

/// CSV, one figure a line: corruption,level,measure,value; 17 digits, empty where undefined.
void write_measures(const std::filesystem::path& file, const std::vector<Measure>& measures);

/// Throws DataError, FILE:LINE.
[[nodiscard]] std::vector<Measure> read_measures(const std::filesystem::path& file);

}  // namespace gyroseg
