#include <algorithm>
#include <charconv>
#include <tuple>

#include "gyroseg/data/image_io.h"
#include "gyroseg/report/confusion_figure.h"
#include "gyroseg/report/csv.h"

namespace gyroseg {

std::vector<ConfusionFile> confusion_files(const std::filesystem::path& folder) {
  static const std::string kPrefix = "confusion_";
  static const std::string kLevel = "_level";
  std::vector<ConfusionFile> files;
  std::error_code missing;
  for (const auto& entry : std::filesystem::directory_iterator(folder, missing)) {
    const std::string stem = entry.path().stem().string();
    const std::size_t mark = stem.rfind(kLevel);
    if (entry.path().extension() != ".csv" || !stem.starts_with(kPrefix) ||
        mark == std::string::npos || mark < kPrefix.size()) {
      continue;
    }
    int level = 0;
    const auto [end, error] =
        std::from_chars(stem.data() + mark + kLevel.size(), stem.data() + stem.size(), level);
    if (error == std::errc() && end == stem.data() + stem.size()) {
      files.push_back({stem.substr(kPrefix.size(), mark - kPrefix.size()), level, entry.path()});
    }
  }
  std::sort(files.begin(), files.end(), [](const ConfusionFile& a, const ConfusionFile& b) {
    return std::tie(a.mode, a.level) < std::tie(b.mode, b.level);
  });
  return files;
}

ConfusionTable read_confusion(const std::filesystem::path& file) {
  const std::vector<CsvRow> rows = read_csv(file);
  const auto fail = [](const CsvRow& row, const std::string& what) {
    throw DataError(row.place + ": " + what + "; write the file anew with evaluate");
  };
  ConfusionTable table;
  if (rows.size() < 2 || rows[0].cells.size() < 2) {
    throw DataError(file.string() + ": expected a header of class names and a row a class, found " +
                    std::to_string(rows.size()) + " rows; write the file anew with evaluate");
  }
  table.prediction.assign(rows[0].cells.begin() + 1, rows[0].cells.end());
  for (auto row = rows.begin() + 1; row != rows.end(); ++row) {
    if (row->cells.size() != rows[0].cells.size()) {
      fail(*row, "expected " + std::to_string(rows[0].cells.size()) + " cells, found " +
                     std::to_string(row->cells.size()));
    }
    table.truth.push_back(row->cells[0]);
    std::vector<std::int64_t>& counts = table.counts.emplace_back();
    for (auto cell = row->cells.begin() + 1; cell != row->cells.end(); ++cell) {
      std::int64_t count = -1;
      const auto [end, error] = std::from_chars(cell->data(), cell->data() + cell->size(), count);
      if (error != std::errc() || end != cell->data() + cell->size() || count < 0) {
        fail(*row, "expected a number of pixels, found \"" + *cell + "\"");
      }
      counts.push_back(count);
    }
  }
  return table;
}

}  // namespace gyroseg
