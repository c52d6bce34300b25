#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "gyroseg/report/svg.h"

namespace gyroseg {

/// Pixels by true and by predicted class, as evaluate writes them (report/metrics_files.h).
struct ConfusionTable {
  std::vector<std::string> truth;                 ///< names of the rows
  std::vector<std::string> prediction;            ///< of the columns; "(undecided)" may be the last
  std::vector<std::vector<std::int64_t>> counts;  ///< [truth][prediction], >= 0
};

/// Reads confusion_MODE_levelK.csv. Throws DataError naming file and line: missing, a line of
/// another number of cells, a count that is none.
[[nodiscard]] ConfusionTable read_confusion(const std::filesystem::path& file);

/// A file of evaluate's.
struct ConfusionFile {
  std::string mode;
  int level = 1;
  std::filesystem::path path;
};

/// Those of a folder, by mode and level; none where there is no such folder.
[[nodiscard]] std::vector<ConfusionFile> confusion_files(const std::filesystem::path& folder);

/// A square a pair of classes: the darker, the larger its share of the row, which stands in it in
/// per cent where it fits. A row of a class without pixels is hatched. Throws c10::ValueError on an
/// empty or ragged table.
[[nodiscard]] Svg draw(const ConfusionTable& table, const std::string& title,
                       const Theme& theme = {});

}  // namespace gyroseg
