#pragma once

#include <string>
#include <vector>

#include "gyroseg/report/metrics_files.h"

namespace gyroseg {

/// The text of metrics.json.
[[nodiscard]] std::string metrics_json(const std::vector<ModeReport>& modes,
                                       const MetricsContext& context);

}  // namespace gyroseg
