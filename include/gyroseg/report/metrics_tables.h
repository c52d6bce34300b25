#pragma once

#include <string>
#include <vector>

#include "gyroseg/metrics/metrics_report.h"

namespace gyroseg {

enum class TableStyle { text, markdown };

/// One row a level: mIoU with and without background, pixel and mean class accuracy, ECE; then the
/// tree distance of errors and the consistency violations.
[[nodiscard]] std::string level_table(const MetricsReport& report,
                                      TableStyle style = TableStyle::text);

/// One row a class of every level: IoU, accuracy, truth pixels. Background classes carry a star.
[[nodiscard]] std::string class_table(const MetricsReport& report,
                                      TableStyle style = TableStyle::text);

/// One column of a comparison.
struct NamedReport {
  std::string name;
  MetricsReport report;
};

/// mIoU of several runs side by side: one row a level, with background and (where any run has a
/// background class) without. A level that a run lacks shows "-".
[[nodiscard]] std::string compare_table(const std::vector<NamedReport>& runs,
                                        TableStyle style = TableStyle::text);

}  // namespace gyroseg
