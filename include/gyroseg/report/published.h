#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace gyroseg {

/// One number that a paper or an earlier system printed: a line of published.csv (papers/README.md).
struct PublishedFigure {
  std::string source;         ///< "arXiv 2203.14335"
  std::string table_or_page;  ///< "Table 4"
  std::string dataset;
  std::string split;
  std::string model;
  std::string loss;   ///< "" = not stated
  std::string level;  ///< "1" the coarsest, "2", ..., "leaf", or "" of no level
  std::string metric;  ///< images_per_second is that of inference
  std::optional<double> value;  ///< in `unit`; nothing: reported, but not as a number
  int decimals = 0;             ///< digits behind the point, as printed
  std::string unit;             ///< share | percent | count | millions | per_second | any of other:
  std::string place = {};       ///< "FILE:LINE", for messages
};

/// Metrics of a level, in the order of tables: miou, miou_without_background, ...
[[nodiscard]] const std::vector<std::string>& level_metrics();

/// Reads a published.csv. Throws DataError with every problem, one a line, "FILE:LINE: column: what
/// was expected, what was found": other columns, empty required cells, unknown metrics and units,
/// numbers out of their unit's range, two lines about the same number.
[[nodiscard]] std::vector<PublishedFigure> read_published(const std::filesystem::path& file);

}  // namespace gyroseg
