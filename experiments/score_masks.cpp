// score_masks: recomputes the figures of predicted masks on disk against the masks of the data set.
#include <cxxopts.hpp>
#include <filesystem>
#include <iostream>

#include "gyroseg/config/read.h"
#include "gyroseg/report/metrics_files.h"
#include "gyroseg/report/prediction_masks.h"
#include "gyroseg/report/progress.h"
#include "gyroseg/training/run_folder.h"
#include "program.h"
#include "trained.h"

namespace {

using namespace gyroseg;

cxxopts::Options command_line() {
  cxxopts::Options options(
      "score_masks",
      "Scores the masks that evaluate --predictions DIR or infer --output DIR wrote.\n");
  options.add_options()("predictions",
                        "folder of the masks, NAME_levelK.png for every image and level",
                        cxxopts::value<std::string>())(
      "run", "run folder of train, for its class tree and data", cxxopts::value<std::string>())(
      "c,cfg,config", "or a config", cxxopts::value<std::string>())(
      "split", "train | val | test", cxxopts::value<std::string>()->default_value("test"))(
      "output", "also write metrics.json, CSV, Markdown and confusion matrices there",
      cxxopts::value<std::string>()->default_value(""))(
      "set", "override a key, such as --set data.root=DIR; may be repeated",
      cxxopts::value<std::vector<std::string>>());
  return options;
}

int score(const cxxopts::ParseResult& arguments) {
  if (arguments.count("predictions") == 0 ||
      arguments.count("run") + arguments.count("config") != 1) {
    throw UsageError("expected --predictions DIR and either --run DIR or --config FILE");
  }
  const std::filesystem::path file =
      arguments.count("run") > 0 ? open_run(arguments["run"].as<std::string>()).config()
                                 : std::filesystem::path(arguments["config"].as<std::string>());
  const Config config = read_config(file, without_network(overrides_of(arguments)));
  const std::filesystem::path folder = arguments["predictions"].as<std::string>();
  const std::string split = arguments["split"].as<std::string>();
  const Hierarchy tree(config.hierarchy);
  const SegmentationDataset dataset(config.data, tree, split);
  Progress progress(std::cerr, on_terminal(), dataset.size());
  const MetricsReport report =
      score_masks(folder, dataset, tree, config.metrics.background,
                  [&](std::int64_t images) { progress.update(images, "scoring " + split); });
  progress.clear();
  std::cout << "masks of " << folder.string() << ", " << split << " split\n\n"
            << level_table(report) << "\n"
            << class_table(report);
  const std::filesystem::path output = arguments["output"].as<std::string>();
  if (!output.empty()) {
    std::filesystem::create_directories(output);
    write_metrics(output, {{"masks", report}},
                  {{"predictions", folder.string()}, {"split", split}});
    std::cerr << "written to " << (output / "metrics.json").string()
              << " (and .csv, .md, confusion matrices)\n";
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) { return run_program(command_line(), argc, argv, score); }
