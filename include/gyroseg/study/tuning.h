#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "gyroseg/study/study.h"

namespace gyroseg {

/// What the tuning of an arm came to.
struct TunedRate {
  std::optional<double> lr;  ///< of the largest score, of equal ones the first in the plan; nothing where the
                             ///< plan tunes none
  bool outermost = false;    ///< the least or the largest that was tried: a better one may lie beyond it
  std::string rows;          ///< of tuned.csv: arm,lr,seed,val_miou,chosen; val_miou is empty where it diverged
};

/// Nothing while a tuning run is missing or of another config than the plan's, and where all diverged.
/// Throws DataError: a kept run without a log.
[[nodiscard]] std::optional<TunedRate> tuned_rate(const TopologyPlan& plan, const StudyArm& arm,
                                                  const StudyFolders& folders);

/// By the arm's name; without those that have none yet.
using TunedRates = std::map<std::string, TunedRate>;
[[nodiscard]] TunedRates tuned_rates(const TopologyPlan& plan, const std::vector<StudyArm>& arms,
                                     const StudyFolders& folders);

/// A sentence that names the arms whose rate is outermost, in their order; "" for none.
[[nodiscard]] std::string outermost_rates(const std::vector<StudyArm>& arms, const TunedRates& rates);

}  // namespace gyroseg
