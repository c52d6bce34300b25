// evaluate: per-level and per-class figures of a trained run on one split, for several decode modes.
#include <algorithm>
#include <filesystem>
#include <iostream>

#include <cxxopts.hpp>

#include "gyroseg/data/corruption.h"
#include "program.h"
#include "trained.h"

namespace {

using namespace gyroseg;

cxxopts::Options command_line() {
  cxxopts::Options options("evaluate", "Evaluates a run of train: tables, metrics.json, CSV, Markdown, confusion matrices.\n"
                           "An underscore in an option's name is read as a dash.\n");
  options.add_options()
      ("run", "run folder of train", cxxopts::value<std::string>())
      ("split", "train | val | test", cxxopts::value<std::string>()->default_value("test"))
      ("output", "folder of the figures (default: RUN for the test split, RUN/SPLIT for others, RUN/SPLIT_CORRUPTION)", cxxopts::value<std::string>()->default_value(""))
      ("predictions", "also write the masks of every image and level there: NAME_levelK.png, first decode mode", cxxopts::value<std::string>()->default_value(""))
      ("visualize", "also write samples as image | truth | prediction, a row a level")
      ("num-viz", "so many, spread evenly over the split", cxxopts::value<std::int64_t>()->default_value("10"))
      ("viz-dir", "their folder (default: samples/ beside the figures)", cxxopts::value<std::string>())
      ("corruption", "measure a corrupted copy of the images: brightness1 | brightness2 | blur1 | ... | noise2 | fog2 (docs/compare_topologies.md)", cxxopts::value<std::string>()->default_value("none"))
      ("overwrite", "replace masks and samples that are there already");
  add_trained_options(options);
  return options;
}

int evaluate(const cxxopts::ParseResult& arguments) {
  const bool visualize = arguments.count("visualize") > 0;
  if (!visualize && (arguments.count("num-viz") > 0 || arguments.count("viz-dir") > 0)) {
    throw UsageError("--num-viz and --viz-dir need --visualize");
  }
  EvaluationOptions options;
  options.split = arguments["split"].as<std::string>();
  options.predictions = arguments["predictions"].as<std::string>();
  options.corruption = arguments["corruption"].as<std::string>();
  const std::vector<std::string>& known = corruption_names();
  if (options.corruption != "none" && std::find(known.begin(), known.end(), options.corruption) == known.end()) {
    throw UsageError("--corruption: expected none, " + known.front() + ", ... or " + known.back() + ", got " + options.corruption);
  }
  options.overwrite = arguments.count("overwrite") > 0;
  options.num_views = arguments["num-viz"].as<std::int64_t>();
  if (options.num_views < 1) {
    throw UsageError("--num-viz: expected a number >= 1, got " + std::to_string(options.num_views));
  }
  LoadedRun run = load_trained(arguments);
  std::filesystem::path output = arguments["output"].as<std::string>();
  if (output.empty()) {
    if (run.folder.path.empty()) {
      throw UsageError("--checkpoint FILE without a run needs --output DIR for the figures");
    }
    output = run.folder.evaluation(options.split);
    if (options.corruption != "none") {
      output = run.folder.path / (options.split + "_" + options.corruption);
    }
  }
  if (visualize) {
    if (arguments.count("viz-dir") > 0 && arguments["viz-dir"].as<std::string>().empty()) {
      throw UsageError("--viz-dir: expected a folder, got nothing");
    }
    options.views = arguments.count("viz-dir") > 0 ? std::filesystem::path(arguments["viz-dir"].as<std::string>())
                                                   : output / "samples";
  }
  evaluate_and_write(run, options, output);
  return 0;
}

}  // namespace

int main(int argc, char** argv) { return run_program(command_line(), argc, argv, evaluate); }
