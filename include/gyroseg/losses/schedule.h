#pragma once

#include <cstdint>
#include <string>

namespace gyroseg {

/// Weight of a loss term at step t of T.
///   constant  weight
///   cosine    weight * (1 + cos(pi (t - T)/T)) / 2 for t < T, then weight: 0 at the first step
///             (HSSN's f(t) is this with weight 0.5)
/// Throws c10::ValueError on another schedule or a negative step.
[[nodiscard]] double scheduled_weight(double weight, const std::string& schedule, std::int64_t step,
                                      std::int64_t total_steps);

}  // namespace gyroseg
