#include "gyroseg/training/run_folder.h"

#include <ctime>

#include "gyroseg/config/read.h"
#include "gyroseg/data/file_bytes.h"
#include "gyroseg/training/checkpoint.h"

namespace gyroseg {
namespace {

std::string start_time() {
  const std::time_t now = std::time(nullptr);
  std::tm local{};
  localtime_r(&now, &local);
  char text[32];
  std::strftime(text, sizeof text, "%Y%m%d-%H%M%S", &local);
  return text;
}

// Two runs may start within one second.
std::filesystem::path unused(const std::filesystem::path& path) {
  std::filesystem::path candidate = path;
  for (int i = 2; std::filesystem::exists(candidate); ++i) {
    candidate = path.string() + "-" + std::to_string(i);
  }
  return candidate;
}

}  // namespace

std::filesystem::path RunFolder::checkpoint(const std::string& choice) const {
  if (choice == "best") {
    return best();
  }
  return choice == "last" ? last() : std::filesystem::path(choice);
}

RunFolder new_run(const std::filesystem::path& path, const Config& config) {
  const RunFolder run{path.empty() ? unused(std::filesystem::path(config.output_dir) /
                                            (config.name + "_" + start_time()))
                                   : path};
  for (const std::filesystem::path& file : {run.config(), run.last(), run.best(), run.metrics()}) {
    if (std::filesystem::exists(file)) {
      throw CheckpointError(run.path.string() + ": holds a run already (" + file.filename().string() +
                            "); --resume continues it, another --output starts a new one");
    }
  }
  return run;
}

void begin_run(const RunFolder& run, const Config& config) {
  std::error_code error;
  std::filesystem::create_directories(run.path, error);
  if (error) {
    throw CheckpointError(run.path.string() + ": cannot make the run folder: " + error.message());
  }
  const std::string yaml = write_config(config);
  write_bytes(run.config(), {yaml.begin(), yaml.end()});
}

std::vector<std::string> without_first_files(const std::vector<std::string>& overrides) {
  std::vector<std::string> all = {"model.pretrained=", "classifier.prototypes=",
                                  "training.init_from="};
  all.insert(all.end(), overrides.begin(), overrides.end());
  return all;
}

RunFolder open_run(const std::filesystem::path& path) {
  const RunFolder run{path};
  if (!std::filesystem::is_directory(path)) {
    throw CheckpointError(path.string() + ": no such run folder; expected a folder that train wrote");
  }
  if (!std::filesystem::is_regular_file(run.config())) {
    throw CheckpointError(path.string() + ": not a run folder: config.yaml is missing");
  }
  return run;
}

}  // namespace gyroseg
