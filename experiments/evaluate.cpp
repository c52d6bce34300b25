// evaluate: per-level and per-class figures of a trained run on one split, for several decode modes.
#include <algorithm>
#include <filesystem>
#include <iostream>

#include <cxxopts.hpp>

#include "gyroseg/data/loader.h"
#include "gyroseg/inference/predict.h"
#include "gyroseg/models/weights.h"
#include "gyroseg/report/metrics_files.h"
#include "gyroseg/report/progress.h"
#include "gyroseg/training/loaded_run.h"
#include "gyroseg/training/validate.h"
#include "program.h"

namespace {

using namespace gyroseg;

cxxopts::Options command_line() {
  cxxopts::Options options("evaluate", "Evaluates a run of train: tables, metrics.json, CSV, Markdown, confusion matrices.\n");
  options.add_options()
      ("run", "run folder of train", cxxopts::value<std::string>())
      ("split", "train | val | test", cxxopts::value<std::string>()->default_value("test"))
      ("checkpoint", "best | last | a .safetensors file", cxxopts::value<std::string>()->default_value("best"))
      ("output", "folder of the figures (default: RUN for the test split, RUN/SPLIT for others)", cxxopts::value<std::string>()->default_value(""))
      ("set", "override a key, such as --set decode=[leaf_argmax,level_sum] or --set inference.flip=true; may be repeated", cxxopts::value<std::vector<std::string>>())
      ("h,help", "print this help");
  return options;
}

// Batches at the resized resolution, or images one by one with labels at their original size.
std::function<std::optional<Batch>()> batches(const Config& config, const SegmentationDataset& dataset,
                                              Loader& loader) {
  if (config.metrics.resolution == "resized") {
    loader.start_epoch(0);
    return [&loader] { return loader.next(); };
  }
  return [&dataset, next = std::int64_t{0}]() mutable -> std::optional<Batch> {
    if (next >= dataset.size()) {
      return std::nullopt;
    }
    const Sample sample = dataset.original(next);
    return Batch{sample.image.unsqueeze(0), sample.labels.unsqueeze(0), {next++}};
  };
}

int evaluate(const cxxopts::ParseResult& arguments) {
  if (arguments.count("run") == 0) {
    throw UsageError("expected --run DIR");
  }
  const std::filesystem::path folder = arguments["run"].as<std::string>();
  const std::string split = arguments["split"].as<std::string>();
  const std::vector<std::string> overrides = arguments.count("set") > 0
                                                 ? arguments["set"].as<std::vector<std::string>>()
                                                 : std::vector<std::string>{};
  LoadedRun run = load_run(folder, arguments["checkpoint"].as<std::string>(), overrides);
  if (!run.config.data.splits.contains(split)) {
    throw UsageError("--split: expected train | val | test, got " + split);
  }
  const SegmentationDataset dataset(run.config.data, run.tree, split);
  LoaderOptions options;
  options.batch_size = validation_batch_size(run.config);
  options.threads = run.config.data.threads;
  options.channels_last = run.config.training.channels_last;
  Loader loader(dataset, options);

  Progress progress(std::cerr, on_terminal(), dataset.size());
  const Validation result =
      validate(run.model, batches(run.config, dataset, loader),
               {run.tree, run.decoder, run.config.decode, run.config.metrics.background, nullptr, 0,
                run.config.inference},
               [&](std::int64_t images) { progress.update(images, "evaluating " + split); });
  progress.clear();

  std::filesystem::path output = arguments["output"].as<std::string>();
  if (output.empty()) {
    output = split == "test" ? folder : folder / split;
  }
  std::vector<ModeReport> modes;
  for (std::size_t i = 0; i < result.reports.size(); ++i) {
    modes.push_back({run.config.decode[i], result.reports[i]});
    std::cout << "decode " << modes.back().mode << ", " << split << " split\n\n"
              << level_table(modes.back().report) << "\n";
  }
  std::cout << "classes, decode " << modes.front().mode << "\n\n"
            << class_table(modes.front().report) << "\n"
            << describe(run.config.inference) << "\n";
  MetricsContext context = {{"run", folder.string()},
                            {"split", split},
                            {"checkpoint", arguments["checkpoint"].as<std::string>()},
                            {"step", std::to_string(run.state.step)},
                            {"parameters", std::to_string(count_parameters(*run.model))},
                            {"resolution", run.config.metrics.resolution}};
  for (const auto& setting : settings_of(run.config.inference)) {
    context.push_back(setting);
  }
  const std::vector<std::string>& decode = run.config.decode;
  if (std::find(decode.begin(), decode.end(), "backoff") != decode.end()) {
    context.emplace_back("inference.backoff_threshold",
                         c10::str(run.config.inference.backoff_threshold));
  }
  std::filesystem::create_directories(output);
  write_metrics(output, modes, context);
  std::cerr << "written to " << (output / "metrics.json").string() << " (and .csv, .md, confusion matrices)\n";
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  return gyroseg::run_program("evaluate", [&] {
    cxxopts::Options options = command_line();
    const cxxopts::ParseResult arguments = options.parse(argc, argv);
    if (arguments.count("help") > 0) {
      std::cout << options.help();
      return 0;
    }
    return evaluate(arguments);
  });
}
