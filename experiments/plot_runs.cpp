// plot_runs: curves, confusion matrices and image / prediction / truth panels of one or several runs.
#include <iostream>

#include <cxxopts.hpp>

#include "gyroseg/training/run_figures.h"
#include "figure_folder.h"
#include "program.h"

namespace {

using namespace gyroseg;
using Strings = std::vector<std::string>;

cxxopts::Options command_line() {
  cxxopts::Options options("plot_runs", "Draws one or several runs of train, each figure as SVG and PNG: loss and mIoU curves, confusion\n"
                           "matrices of evaluate, and panels of images, predictions and truth.\n");
  options.add_options()
      ("run", "run folder; repeat it to compare runs", cxxopts::value<Strings>())
      ("output", "folder of the figures (default, of one run: RUN/figures)", cxxopts::value<std::string>()->default_value(""))
      ("overwrite", "replace figures in an --output that is there already")
      ("split", "train | val | test: of the panels and confusion matrices", cxxopts::value<std::string>()->default_value("test"))
      ("samples", "rows of the panels, spread evenly over the split; 0: no panels", cxxopts::value<int>()->default_value("4"))
      ("image", "name of an image of the split to show instead; may be repeated", cxxopts::value<Strings>())
      ("level", "level of the panels and confusion matrices: a number from 1, the coarsest, or all", cxxopts::value<std::string>()->default_value("all"))
      ("checkpoint", "best | last | a .safetensors file", cxxopts::value<std::string>()->default_value("best"))
      ("set", "override a key of every run's config, such as --set data.root=DIR; may be repeated", cxxopts::value<Strings>());
  return options;
}

FigureRequest read_request(const cxxopts::ParseResult& arguments) {
  const auto list = [&](const char* option) {
    return arguments.count(option) > 0 ? arguments[option].as<Strings>() : Strings{};
  };
  const FigureRequest request = {list("run"), arguments["split"].as<std::string>(), list("image"),
                                 arguments["samples"].as<int>(), read_level(arguments["level"].as<std::string>()),
                                 arguments["checkpoint"].as<std::string>(), list("set")};
  if (request.folders.empty()) {
    throw UsageError("expected --run DIR [--run DIR ...]");
  }
  if (request.split != "train" && request.split != "val" && request.split != "test") {
    throw UsageError("--split: expected train | val | test, got " + request.split);
  }
  if (request.samples < 0) {
    throw UsageError("--samples: expected a number from 0, got " + std::to_string(request.samples));
  }
  return request;
}

int plot(const cxxopts::ParseResult& arguments) {
  const FigureRequest request = read_request(arguments);
  FigureFolder folder(arguments, request.folders, "figures");
  draw_runs(request, {[&](const std::string& name, const Svg& figure) { folder.add(name, figure); },
                      [](const std::string& what) {
                        std::cerr << "plot_runs: left out: " << what << std::endl;
                      }});
  folder.finish();
  return 0;
}

}  // namespace

int main(int argc, char** argv) { return run_program(command_line(), argc, argv, plot); }
