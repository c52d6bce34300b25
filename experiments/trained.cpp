#include "trained.h"

#include <algorithm>
#include <iostream>
#include <string_view>

#include <c10/util/StringUtil.h>

#include "gyroseg/config/read.h"
#include "gyroseg/data/check.h"
#include "gyroseg/report/progress.h"
#include "program.h"

namespace gyroseg {
namespace {

std::string text_of(const cxxopts::ParseResult& arguments, const std::string& name) {
  return arguments.count(name) > 0 ? arguments[name].as<std::string>() : "";
}

// The run of --experiment-name NAME: below output_dir of --set or --config, or runs/.
std::filesystem::path experiment_folder(const cxxopts::ParseResult& arguments) {
  const std::vector<std::string> overrides = overrides_of(arguments);
  std::string root = "runs";
  if (const std::string config = text_of(arguments, "config"); !config.empty()) {
    root = read_config(config, without_network(overrides)).output_dir;
  } else {
    constexpr std::string_view kKey = "output_dir=";
    for (const std::string& text : overrides) {
      root = text.starts_with(kKey) ? text.substr(kKey.size()) : root;
    }
  }
  return find_run(root, arguments["experiment-name"].as<std::string>()).path;
}

}  // namespace

void add_trained_options(cxxopts::Options& options) {
  options.add_options()
      ("experiment-name", "the run of this name, or the latest <name>_<start time>, in runs/ or output_dir of --config", cxxopts::value<std::string>())
      ("c,cfg,config", "in place of a run: its config, ours or SegHiero's own; with --checkpoint FILE", cxxopts::value<std::string>())
      ("checkpoint", "best | last | a .safetensors file, which needs no run: it carries its config", cxxopts::value<std::string>()->default_value("best"))
      ("device", "cpu | cuda | cuda:N, in place of the config's", cxxopts::value<std::string>())
      ("set", "override a key, such as --set inference.flip=true; may be repeated", cxxopts::value<std::vector<std::string>>());
}

std::vector<std::string> overrides_of(const cxxopts::ParseResult& arguments) {
  std::vector<std::string> all = arguments.count("set") > 0
                                     ? arguments["set"].as<std::vector<std::string>>()
                                     : std::vector<std::string>{};
  if (arguments.count("device") > 0) {
    all.push_back("device=" + arguments["device"].as<std::string>());
  }
  return all;
}

LoadedRun load_trained(const cxxopts::ParseResult& arguments) {
  const std::string checkpoint = arguments["checkpoint"].as<std::string>();
  const std::vector<std::string> overrides = overrides_of(arguments);
  const bool by_run = arguments.count("run") > 0;
  const bool by_name = arguments.count("experiment-name") > 0;
  const bool by_config = arguments.count("config") > 0;
  if (by_run && (by_name || by_config)) {
    throw UsageError("--run is the run with its config: expected no --experiment-name and no --config beside it");
  }
  if (by_run || by_name) {
    return load_run(by_run ? std::filesystem::path(text_of(arguments, "run")) : experiment_folder(arguments),
                    checkpoint, overrides);
  }
  if (checkpoint == "best" || checkpoint == "last") {
    throw UsageError(by_config ? "--config needs --checkpoint FILE, the .safetensors file of the weights"
                               : "expected --run DIR, --experiment-name NAME or --checkpoint FILE");
  }
  return by_config ? load_weights_of(text_of(arguments, "config"), checkpoint, overrides)
                   : load_checkpoint(checkpoint, overrides);
}

void evaluate_and_write(LoadedRun& run, const EvaluationOptions& options,
                        const std::filesystem::path& output) {
  if (!run.config.data.splits.contains(options.split)) {
    throw UsageError("--split: expected train | val | test, got " + options.split);
  }
  const DataConfig& data = run.config.data;
  const std::vector<std::string> present = present_splits(data);
  if (!present.empty() && std::find(present.begin(), present.end(), options.split) == present.end()) {
    throw DataError(data.root + ": the data set has no " + options.split + " split (data.splits." + options.split +
                    "), it has " + c10::Join(", ", present) + "; evaluate --split measures another");
  }
  for (const std::string& other : present) {
    if (other != options.split && same_files(data.splits.at(other), data.splits.at(options.split))) {
      std::cerr << "note: the splits " << options.split << " and " << other << " are the same images\n";
    }
  }
  if (!output.empty()) {
    std::filesystem::create_directories(output);
  }
  std::optional<Progress> progress;
  const Evaluation evaluation = evaluate_split(run, options, [&](std::int64_t done, std::int64_t all) {
    if (!progress) {
      progress.emplace(std::cerr, on_terminal(), all);
    }
    progress->update(done, "evaluating " + options.split);
  });
  if (progress) {
    progress->clear();
  }
  std::cout << describe(evaluation, run);
  if (!output.empty()) {
    write_metrics(output, evaluation.modes, evaluation.context);
    std::cerr << "written to " << (output / "metrics.json").string()
              << " (and .csv, .md, confusion matrices)\n";
  }
  for (const std::filesystem::path& folder : {options.predictions, options.views}) {
    if (!folder.empty()) {
      std::cerr << "written to " << folder.string() << "\n";
    }
  }
}

}  // namespace gyroseg
