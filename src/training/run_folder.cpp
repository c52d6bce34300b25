#include "gyroseg/training/run_folder.h"

#include <algorithm>
#include <ctime>
#include <regex>
#include <utility>

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

// The place of the link, which nothing else may hold.
std::filesystem::path replaceable_link(const Config& config) {
  const std::filesystem::path link = best_link(config);
  const std::filesystem::file_status found = std::filesystem::symlink_status(link);
  if (std::filesystem::exists(found) && !std::filesystem::is_symlink(found)) {
    throw CheckpointError(link.string() + ": a file is where training.link_best keeps its link; "
                          "move it, or --set training.link_best=false");
  }
  return link;
}

bool is_run(const std::filesystem::path& folder) {
  return std::filesystem::is_regular_file(RunFolder{folder}.config());
}

}  // namespace

std::filesystem::path RunFolder::evaluation(const std::string& split) const {
  return split == "test" ? path : path / split;
}

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
  for (const std::filesystem::path& file : {run.last(), run.best(), run.metrics()}) {
    if (std::filesystem::exists(file)) {
      throw CheckpointError(run.path.string() + ": holds a run already (" + file.filename().string() +
                            "); --resume continues it, another --output starts a new one");
    }
  }
  if (std::filesystem::exists(run.config())) {
    throw CheckpointError(run.path.string() + ": holds the beginning of a run, config.yaml without a checkpoint; where "
                          "that is not training still, remove it to start again, or give another --output");
  }
  return run;
}

void begin_run(const RunFolder& run, const Config& config,
               const std::filesystem::path& original) {
  std::error_code error;
  if (config.training.link_best) {
    (void)replaceable_link(config);
  }
  // Read first: it may be the config.yaml of this very folder.
  const std::vector<std::uint8_t> given = std::filesystem::is_regular_file(original, error)
                                              ? read_bytes(original)
                                              : std::vector<std::uint8_t>{};
  std::filesystem::create_directories(run.path, error);
  if (error) {
    throw CheckpointError(run.path.string() + ": cannot make the run folder: " + error.message());
  }
  write_text(run.config(), write_config(config));
  if (!given.empty()) {
    write_bytes(run.path / ("config.original" + original.extension().string()), given);
  }
}

std::filesystem::path best_link(const Config& config) {
  return std::filesystem::path(config.output_dir) / (config.name + "_best.safetensors");
}

void link_best(const RunFolder& run, const Config& config) {
  const std::filesystem::path link = replaceable_link(config);
  std::filesystem::path fresh = link;
  fresh += ".new";
  std::error_code error;
  std::filesystem::create_directories(link.parent_path(), error);
  std::filesystem::path target = std::filesystem::relative(run.best(), link.parent_path(), error);
  if (target.empty()) {
    target = std::filesystem::absolute(run.best());
  }
  std::filesystem::remove(fresh, error);
  std::filesystem::create_symlink(target, fresh, error);
  if (!error) {
    std::filesystem::rename(fresh, link, error);
  }
  if (error) {
    throw CheckpointError(link.string() + ": no link can be made (training.link_best): " +
                          error.message());
  }
}

std::vector<std::string> without_first_files(const std::vector<std::string>& overrides) {
  std::vector<std::string> all = {"model.pretrained=", "classifier.prototypes=",
                                  "training.init_from="};
  all.insert(all.end(), overrides.begin(), overrides.end());
  return all;
}

std::vector<std::string> without_network(const std::vector<std::string>& overrides) {
  std::vector<std::string> all = without_first_files(overrides);
  all.emplace_back("device=cpu");
  return all;
}

RunFolder find_run(const std::filesystem::path& root, const std::string& name) {
  if (is_run(root / name)) {
    return {root / name};
  }
  static const std::regex kStart("_([0-9]{8}-[0-9]{6})(-[0-9]{1,9})?");
  std::filesystem::path latest;
  std::pair<std::string, long> start;  // and the number among those of one second
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(root, error)) {
    const std::string found = entry.path().filename().string();
    if (!is_run(entry.path())) {
      continue;
    }
    names.push_back(found);
    const std::string rest = found.starts_with(name) ? found.substr(name.size()) : "";
    std::smatch parts;
    if (std::regex_match(rest, parts, kStart)) {
      const std::pair<std::string, long> its = {
          parts[1].str(), parts[2].matched ? std::stol(parts[2].str().substr(1)) : 1};
      if (latest.empty() || its > start) {
        latest = entry.path();
        start = its;
      }
    }
  }
  if (latest.empty()) {
    std::sort(names.begin(), names.end());
    std::string text;
    for (const std::string& other : names) {
      text += (text.empty() ? "" : ", ") + other;
    }
    throw CheckpointError((root / name).string() + ": no run of this name; " + root.string() +
                          " holds " + (text.empty() ? "no run" : text));
  }
  return {latest};
}

std::filesystem::path find_checkpoint(const RunFolder& run, const std::string& choice, const Config& config) {
  const std::filesystem::path file = run.checkpoint(choice);
  if (std::filesystem::is_regular_file(file)) {
    return file;
  }
  const bool own = choice == "best" || choice == "last";
  const std::string what = !own ? "expected a .safetensors file that train wrote"
                           : !config.training.save_checkpoints
                               ? "the run was trained with training.save_checkpoints: false and kept no weights"
                               : "the run stopped before its first checkpoint";
  throw CheckpointError(file.string() + ": no such checkpoint; " + what);
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
