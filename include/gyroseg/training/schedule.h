#pragma once

#include <cstdint>

#include "gyroseg/config/config.h"

namespace gyroseg {

/// The learning rate at `step` in [0, total_steps): warm-up min(1, (step+1)/warmup_steps) times base_lr times
///   poly      (1 - step/total_steps)^power
///   cosine    (1 + cos(pi step/total_steps)) / 2
///   constant  1
/// The decay never goes below min_lr; the warm-up starts below it.
[[nodiscard]] double learning_rate(const ScheduleConfig& schedule, double base_lr, std::int64_t step,
                                   std::int64_t total_steps);

}  // namespace gyroseg
