// plot_runs: curves, confusion matrices and image / prediction / truth panels of one or several runs.
#include <charconv>
#include <filesystem>
#include <iostream>

#include <cxxopts.hpp>

#include "gyroseg/data/image_io.h"
#include "gyroseg/training/run_figures.h"
#include "gyroseg/training/run_folder.h"
#include "program.h"

namespace {

using namespace gyroseg;
namespace fs = std::filesystem;
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

// A run's own folder of figures is drawn anew each time; any other is the user's.
fs::path output_folder(const cxxopts::ParseResult& arguments, const FigureRequest& request) {
  const fs::path folder = arguments["output"].as<std::string>();
  if (folder.empty()) {
    if (request.folders.size() > 1) {
      throw UsageError("expected --output DIR, as there are several runs");
    }
    return fs::path(request.folders.front()) / "figures";
  }
  const bool unused = !fs::exists(folder) || (fs::is_directory(folder) && fs::is_empty(folder));
  if (!unused && arguments.count("overwrite") == 0) {
    throw UsageError(folder.string() + " exists already; take another --output, or --overwrite");
  }
  return folder;
}

int plot(const cxxopts::ParseResult& arguments) {
  const FigureRequest request = read_request(arguments);
  const fs::path folder = output_folder(arguments, request);
  int figures = 0;
  draw_runs(request, {[&](const std::string& name, const Svg& figure) {
                        std::error_code error;
                        fs::create_directories(folder, error);
                        if (error) {
                          throw DataError(folder.string() + ": cannot make the folder: " + error.message());
                        }
                        for (const fs::path& file : write_figure(folder, name, figure)) {
                          std::cout << file.string() << std::endl;
                        }
                        ++figures;
                      },
                      [](const std::string& what) {
                        std::cerr << "plot_runs: left out: " << what << std::endl;
                      }});
  if (figures == 0) {
    throw DataError("there is nothing to draw");
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) { return run_program(command_line(), argc, argv, plot); }
