#pragma once

#include <torch/csrc/distributed/c10d/Backend.hpp>

#include "gyroseg/training/process_place.h"

namespace gyroseg {

/// Meets the other processes and connects them. Throws LaunchError where this build has no gloo,
/// and what c10d throws where they do not come.
[[nodiscard]] c10::intrusive_ptr<c10d::Backend> gloo_backend(const ProcessPlace& place);

}  // namespace gyroseg
