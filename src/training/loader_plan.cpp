#include "loader_plan.h"

#include <string>

#include "gyroseg/config/read.h"
#include "gyroseg/training/assembly.h"

namespace gyroseg {

LoaderOptions loader_options(const Config& config, const ProcessGroup& group, bool training) {
  LoaderOptions options;
  options.batch_size = training ? config.training.batch_size : validation_batch_size(config);
  options.threads = config.data.threads;
  options.seed = config.seed;
  options.shuffle = training;
  options.drop_last = training && config.training.drop_last;
  options.channels_last = config.training.channels_last;
  options.augment = training;
  options.rank = group.rank();
  options.parts = group.size();
  options.whole_batches = !training;
  return options;
}

void check_shares(const Config& config, std::int64_t images, const ProcessGroup& group) {
  const std::int64_t last = config.training.drop_last ? 0 : images % config.training.batch_size;
  const std::int64_t smallest = last > 0 ? last : config.training.batch_size;
  if (smallest < group.size()) {
    throw ConfigError("training.batch_size: a batch of " + std::to_string(smallest) +
                      " images cannot be shared by " + std::to_string(group.size()) +
                      " processes; " +
                      (last > 0 ? "--set training.drop_last=true leaves the last, shorter one out"
                                : "raise it (it counts the images of all processes together), or "
                                  "start fewer"));
  }
}

std::int64_t steps_in_all(const Config& config, const Loader& loader) {
  if (loader.batches_per_epoch() == 0) {
    throw ConfigError("training.batch_size: " + std::to_string(config.training.batch_size) +
                      " is more than the training images there are, and training.drop_last leaves "
                      "out the incomplete batch; lower it, or --set training.drop_last=false");
  }
  return config.training.max_steps > 0 ? config.training.max_steps
                                       : config.training.epochs * loader.batches_per_epoch();
}

LoaderOptions evaluation_options(const Config& config, const ProcessGroup& group) {
  LoaderOptions options = loader_options(config, group, false);
  options.samples = config.training.evaluate_train;
  return options;
}

}  // namespace gyroseg
