#include "gyroseg/losses/schedule.h"

#include <cmath>
#include <numbers>

#include <c10/util/Exception.h>

namespace gyroseg {

double scheduled_weight(double weight, const std::string& schedule, std::int64_t step,
                        std::int64_t total_steps) {
  TORCH_CHECK_VALUE(step >= 0, "scheduled_weight: expected a step >= 0, got ", step);
  TORCH_CHECK_VALUE(schedule == "constant" || schedule == "cosine",
                    "scheduled_weight: expected constant | cosine, got ", schedule);
  if (schedule == "constant" || step >= total_steps) {
    return weight;
  }
  const double phase = static_cast<double>(step - total_steps) / static_cast<double>(total_steps);
  return weight * (1.0 + std::cos(std::numbers::pi * phase)) / 2.0;
}

}  // namespace gyroseg
