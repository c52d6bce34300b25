#include "gyroseg/report/run_summary.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <nlohmann/json.hpp>

#include "gyroseg/config/read.h"
#include "gyroseg/data/image_io.h"

namespace gyroseg {
namespace {

// "tree_min" of "tree_min_seed0".
std::string without_seed(const std::string& name) {
  const std::size_t digits = name.find_last_not_of("0123456789") + 1;
  const std::string stem = name.substr(0, digits);
  const bool seeded = digits < name.size() && digits > 5 &&
                      (stem.ends_with("_seed") || stem.ends_with("-seed"));
  return seeded ? stem.substr(0, digits - 5) : name;
}

// Speed of training and the network's size, from the lines of metrics.jsonl. The fastest stretch:
// in others the machine may have had more to do.
void read_log(const std::filesystem::path& file, RunSummary& run) {
  std::ifstream in(file);
  double steps = 0;
  for (std::string line; std::getline(in, line);) {
    const auto json = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (!json.is_object()) {
      continue;  // cut off by a crash
    }
    const double made = json.value("step", steps) - steps;
    const double seconds = json.value("train_seconds", 0.0);
    steps += made;
    if (seconds > 0 && made > 0) {
      run.training_images_per_second = std::max(run.training_images_per_second.value_or(0),
                                                made * run.config.training.batch_size / seconds);
    }
    if (json.contains("parameters")) {
      run.parameters = json.at("parameters").get<double>();
    }
  }
}

// A number among the strings of metrics.json; nothing where an earlier version did not write it.
std::optional<double> context_number(const RunSummary& run, const std::string& key) {
  const auto found = run.evaluation.context.find(key);
  double value = 0;
  if (found == run.evaluation.context.end() ||
      std::from_chars(found->second.data(), found->second.data() + found->second.size(), value).ec !=
          std::errc()) {
    return std::nullopt;
  }
  return value;
}

}  // namespace

RunSummary read_run_summary(const std::filesystem::path& folder, const std::string& mode) {
  RunSummary run;
  // "runs/a/" names "a".
  run.folder = folder.has_filename() ? folder : folder.parent_path();
  run.name = without_seed(run.folder.filename().string());
  const std::filesystem::path metrics = run.folder / "metrics.json";
  run.evaluation = read_evaluation(metrics, mode);
  // Weights and GPUs of the machine that trained it need not be here.
  run.config = read_config(run.folder / "config.yaml",
                           {"model.pretrained=", "classifier.prototypes=", "training.init_from=",
                            "device=cpu"});
  if (!run.evaluation.context.contains("split")) {
    throw DataError(metrics.string() + ": expected the key split, found none; write the file anew "
                    "with evaluate");
  }
  read_log(run.folder / "metrics.jsonl", run);
  if (const std::optional<double> parameters = context_number(run, "parameters")) {
    run.parameters = parameters;
  }
  run.evaluation_images_per_second = context_number(run, "images_per_second");
  return run;
}

}  // namespace gyroseg
