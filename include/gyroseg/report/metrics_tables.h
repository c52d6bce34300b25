#pragma once

#include <string>
#include <utility>
#include <vector>

#include "gyroseg/metrics/metrics_report.h"

namespace gyroseg {

/// html: notes below a table are paragraphs of class "note".
enum class TableStyle { text, markdown, html };

/// One row a level: mIoU with and without background, pixel and mean class accuracy, ECE; then the
/// tree distance of errors and the consistency violations.
[[nodiscard]] std::string level_table(const MetricsReport& report,
                                      TableStyle style = TableStyle::text);

/// One row a class of every level: IoU, accuracy, truth pixels. Background classes carry a star.
[[nodiscard]] std::string class_table(const MetricsReport& report,
                                      TableStyle style = TableStyle::text);

/// What was evaluated, such as {"split", "test"}: strings in metrics.json and metrics.md.
using MetricsContext = std::vector<std::pair<std::string, std::string>>;

/// One column of a comparison.
struct NamedReport {
  std::string name;
  MetricsReport report;
  MetricsContext context = {};
};

/// levels: one row a level, with background and (where any run has a background class) without.
/// root_middle_leaf: three rows, the figures of root_middle_leaf.h.
enum class CompareRows { levels, root_middle_leaf };

/// mIoU of several runs side by side; then, where any context has them, "parameters" and
/// "images_per_second" (as "evaluation images/s"). What a run lacks shows "-".
[[nodiscard]] std::string compare_table(const std::vector<NamedReport>& runs,
                                        TableStyle style = TableStyle::text,
                                        CompareRows rows = CompareRows::levels);

}  // namespace gyroseg
