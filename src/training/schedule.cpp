#include "gyroseg/training/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include <c10/util/Exception.h>

namespace gyroseg {

double learning_rate(const ScheduleConfig& schedule, double base_lr, std::int64_t step,
                     std::int64_t total_steps) {
  const double t = static_cast<double>(step) / static_cast<double>(std::max<std::int64_t>(total_steps, 1));
  double decay = 1.0;
  if (schedule.name == "poly") {
    decay = std::pow(std::max(0.0, 1.0 - t), schedule.power);
  } else if (schedule.name == "cosine") {
    decay = (1.0 + std::cos(std::numbers::pi * std::min(t, 1.0))) / 2.0;
  } else {
    TORCH_CHECK_VALUE(schedule.name == "constant",
                      "learning_rate: expected poly | cosine | constant, got ", schedule.name);
  }
  const double warmup =
      schedule.warmup_steps > 0
          ? std::min(1.0, static_cast<double>(step + 1) / static_cast<double>(schedule.warmup_steps))
          : 1.0;
  return std::max(base_lr * decay, schedule.min_lr) * warmup;
}

}  // namespace gyroseg
