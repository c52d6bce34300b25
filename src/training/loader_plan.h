#pragma once

#include <cstdint>

#include "gyroseg/config/config.h"
#include "gyroseg/data/loader.h"
#include "gyroseg/training/process_group.h"

namespace gyroseg {

/// Training takes a run of the samples of each batch, so that a step is one of the whole batch;
/// validation takes batches whole, so that its losses do not depend on the number of processes.
[[nodiscard]] LoaderOptions loader_options(const Config& config, const ProcessGroup& group,
                                           bool training);

/// The samples of training.evaluate_train, seen as validation sees its own.
[[nodiscard]] LoaderOptions evaluation_options(const Config& config, const ProcessGroup& group);

/// Throws ConfigError where a batch of the `images` training images is smaller than the group.
void check_shares(const Config& config, std::int64_t images, const ProcessGroup& group);

/// Steps of the whole training. Throws ConfigError where an epoch has none.
[[nodiscard]] std::int64_t steps_in_all(const Config& config, const Loader& loader);

}  // namespace gyroseg
