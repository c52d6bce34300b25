// plot_embeddings: where one or several runs embed pixels and classes, and what the radius tells.
#include <c10/util/StringUtil.h>

#include <algorithm>
#include <cxxopts.hpp>
#include <iostream>

#include "gyroseg/training/embedding_figures.h"
#include "figure_folder.h"
#include "program.h"

namespace {

using namespace gyroseg;
using Strings = std::vector<std::string>;

cxxopts::Options command_line() {
  cxxopts::Options options("plot_embeddings", "Draws the embeddings of one or several runs of train, each figure as SVG and PNG: pixels and class\n"
                           "prototypes with geodesic tree edges (the coordinates also as CSV), distances from the origin by depth and\n"
                           "by class, uncertainty maps, and what the training log says of them.\n");
  options.add_options()
      ("run", "run folder; repeat it for several runs", cxxopts::value<Strings>())
      ("output", "folder of the figures (default, of one run: RUN/embedding_figures)", cxxopts::value<std::string>()->default_value(""))
      ("overwrite", "replace figures in an --output that is there already")
      ("split", "train | val | test", cxxopts::value<std::string>()->default_value("test"))
      ("points", "pixels at most, the same number of each leaf", cxxopts::value<int>()->default_value("5000"))
      ("projection", "auto | plane (a 2-D head as it is) | tangent_pca | horo_pca; auto: plane for 2-D heads, horo_pca for other hyperbolic ones, else tangent_pca",
       cxxopts::value<std::string>()->default_value("auto"))
      ("level", "level whose classes colour the pixels: a number from 1, the coarsest, or all", cxxopts::value<std::string>()->default_value("all"))
      ("samples", "rows of the uncertainty maps, spread evenly over the split; 0: none", cxxopts::value<int>()->default_value("3"))
      ("theme", "light | dark", cxxopts::value<std::string>()->default_value("light"))
      ("checkpoint", "best | last | a .safetensors file", cxxopts::value<std::string>()->default_value("best"))
      ("set", "override a key of every run's config, such as --set data.root=DIR; may be repeated", cxxopts::value<Strings>());
  return options;
}

std::string one_of(const cxxopts::ParseResult& arguments, const std::string& option, const Strings& words) {
  const std::string value = arguments[option].as<std::string>();
  if (std::find(words.begin(), words.end(), value) == words.end()) {
    throw UsageError("--" + option + ": expected " + c10::Join(" | ", words) + ", got " + value);
  }
  return value;
}

int number_from(const cxxopts::ParseResult& arguments, const std::string& option, int least) {
  const int value = arguments[option].as<int>();
  if (value < least) {
    throw UsageError("--" + option + ": expected a number from " + std::to_string(least) + ", got " + std::to_string(value));
  }
  return value;
}

EmbeddingFigureRequest read_request(const cxxopts::ParseResult& arguments) {
  const auto list = [&](const char* option) {
    return arguments.count(option) > 0 ? arguments[option].as<Strings>() : Strings{};
  };
  EmbeddingFigureRequest request;
  request.folders = list("run");
  if (request.folders.empty()) {
    throw UsageError("expected --run DIR [--run DIR ...]");
  }
  request.split = one_of(arguments, "split", {"train", "val", "test"});
  request.points = number_from(arguments, "points", 1);
  request.projection = projection_of(one_of(arguments, "projection", {"auto", "plane", "tangent_pca", "horo_pca"}));
  request.level = read_level(arguments["level"].as<std::string>());
  request.samples = number_from(arguments, "samples", 0);
  request.checkpoint = arguments["checkpoint"].as<std::string>();
  request.overrides = list("set");
  request.theme = one_of(arguments, "theme", {"light", "dark"}) == "dark" ? dark_theme() : Theme{};
  return request;
}

int plot(const cxxopts::ParseResult& arguments) {
  const EmbeddingFigureRequest request = read_request(arguments);
  FigureFolder folder(arguments, request.folders, "embedding_figures");
  draw_embeddings(
      request, {[&](const std::string& name, const Svg& figure) { folder.add(name, figure); },
                [&](const std::string& name, const std::string& csv) { folder.add_csv(name, csv); },
                [](const std::string& what) {
                  std::cerr << "plot_embeddings: left out: " << what << std::endl;
                }});
  folder.finish();
  return 0;
}

}  // namespace

int main(int argc, char** argv) { return run_program(command_line(), argc, argv, plot); }
