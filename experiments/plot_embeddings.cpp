// plot_embeddings: where one or several runs embed pixels and classes, and what the radius tells.
#include <charconv>
#include <filesystem>
#include <iostream>

#include <cxxopts.hpp>

#include "gyroseg/data/file_bytes.h"
#include "gyroseg/data/image_io.h"
#include "gyroseg/training/embedding_figures.h"
#include "program.h"

namespace {

using namespace gyroseg;
namespace fs = std::filesystem;
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
  std::string all;
  for (const std::string& word : words) {
    if (value == word) {
      return value;
    }
    all += (all.empty() ? "" : " | ") + word;
  }
  throw UsageError("--" + option + ": expected " + all + ", got " + value);
}

int number_from(const cxxopts::ParseResult& arguments, const std::string& option, int least) {
  const int value = arguments[option].as<int>();
  if (value < least) {
    throw UsageError("--" + option + ": expected a number from " + std::to_string(least) + ", got " + std::to_string(value));
  }
  return value;
}

int read_level(const std::string& text) {
  if (text == "all") {
    return 0;
  }
  int level = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), level);
  if (error != std::errc() || end != text.data() + text.size() || level < 1) {
    throw UsageError("--level: expected a number from 1, or all, got " + text);
  }
  return level;
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

// A run's own folder of figures is drawn anew each time; any other is the user's.
fs::path output_folder(const cxxopts::ParseResult& arguments, const Strings& runs) {
  const fs::path folder = arguments["output"].as<std::string>();
  if (folder.empty()) {
    if (runs.size() > 1) {
      throw UsageError("expected --output DIR, as there are several runs");
    }
    return fs::path(runs.front()) / "embedding_figures";
  }
  const bool unused = !fs::exists(folder) || (fs::is_directory(folder) && fs::is_empty(folder));
  if (!unused && arguments.count("overwrite") == 0) {
    throw UsageError(folder.string() + " exists already; take another --output, or --overwrite");
  }
  return folder;
}

int plot(const cxxopts::ParseResult& arguments) {
  const EmbeddingFigureRequest request = read_request(arguments);
  const fs::path folder = output_folder(arguments, request.folders);
  int files = 0;
  const auto written = [&](const fs::path& file) {
    std::cout << file.string() << std::endl;
    ++files;
  };
  const auto make_folder = [&] {
    std::error_code error;
    fs::create_directories(folder, error);
    if (error) {
      throw DataError(folder.string() + ": cannot make the folder: " + error.message());
    }
  };
  draw_embeddings(request, {[&](const std::string& name, const Svg& figure) {
                              make_folder();
                              for (const fs::path& file : write_figure(folder, name, figure)) {
                                written(file);
                              }
                            },
                            [&](const std::string& name, const std::string& csv) {
                              make_folder();
                              write_bytes(folder / (name + ".csv"), {csv.begin(), csv.end()});
                              written(folder / (name + ".csv"));
                            },
                            [](const std::string& what) {
                              std::cerr << "plot_embeddings: left out: " << what << std::endl;
                            }});
  if (files == 0) {
    throw DataError("there is nothing to draw");
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) { return run_program(command_line(), argc, argv, plot); }
