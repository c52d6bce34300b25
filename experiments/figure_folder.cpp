#include "figure_folder.h"

#include <charconv>
#include <iostream>

#include "gyroseg/data/file_bytes.h"
#include "gyroseg/data/image_io.h"
#include "program.h"

namespace gyroseg {

namespace fs = std::filesystem;

namespace {

using Strings = std::vector<std::string>;

// A number from 1, or 0 for "all".
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

}  // namespace

void add_figure_options(cxxopts::Options& options, const std::string& folder, int samples) {
  options.add_options()
      ("run", "run folder; repeat it for several runs", cxxopts::value<Strings>())
      ("output", "folder of the figures (default, of one run: RUN/" + folder + ")", cxxopts::value<std::string>()->default_value(""))
      ("overwrite", "replace figures in an --output that is there already")
      ("split", "train | val | test", cxxopts::value<std::string>()->default_value("test"))
      ("samples", "rows of pictures, spread evenly over the split; 0: none", cxxopts::value<int>()->default_value(std::to_string(samples)))
      ("image", "name of an image of the split to show instead; may be repeated", cxxopts::value<Strings>())
      ("level", "level of what is drawn by level, but for curves: a number from 1, the coarsest, or all", cxxopts::value<std::string>()->default_value("all"))
      ("theme", "light | dark", cxxopts::value<std::string>()->default_value("light"))
      ("checkpoint", "best | last | of one run: a .safetensors file", cxxopts::value<std::string>()->default_value("best"))
      ("set", "override a key of every run's config, such as --set data.root=DIR; may be repeated", cxxopts::value<Strings>());
}

FigureRequest read_figures(const cxxopts::ParseResult& arguments) {
  const auto list = [&](const char* option) {
    return arguments.count(option) > 0 ? arguments[option].as<Strings>() : Strings{};
  };
  FigureRequest request;
  request.folders = list("run");
  if (request.folders.empty()) {
    throw UsageError("expected --run DIR [--run DIR ...]");
  }
  request.split = one_of(arguments, "split", {"train", "val", "test"});
  request.images = list("image");
  request.samples = number_from(arguments, "samples", 0);
  request.level = read_level(arguments["level"].as<std::string>());
  request.checkpoint = checkpoint_for(arguments, request.folders.size());
  request.overrides = list("set");
  request.theme = one_of(arguments, "theme", {"light", "dark"}) == "dark" ? dark_theme() : Theme{};
  return request;
}

FigureFolder::FigureFolder(const cxxopts::ParseResult& arguments,
                           const std::vector<std::string>& runs, const std::string& name)
    : folder_(arguments["output"].as<std::string>()) {
  if (folder_.empty()) {
    if (runs.size() > 1) {
      throw UsageError("expected --output DIR, as there are several runs");
    }
    folder_ = fs::path(runs.front()) / name;
    return;
  }
  const bool unused = !fs::exists(folder_) || (fs::is_directory(folder_) && fs::is_empty(folder_));
  if (!unused && arguments.count("overwrite") == 0) {
    throw UsageError(folder_.string() + " exists already; take another --output, or --overwrite");
  }
}

void FigureFolder::add(const std::string& name, const Svg& figure) {
  make_folder();
  for (const fs::path& file : write_figure(folder_, name, figure)) {
    tell(file);
  }
}

void FigureFolder::add_csv(const std::string& name, const std::string& csv) {
  make_folder();
  write_text(folder_ / (name + ".csv"), csv);
  tell(folder_ / (name + ".csv"));
}

void FigureFolder::finish() const {
  if (files_ == 0) {
    throw DataError("there is nothing to draw");
  }
}

void FigureFolder::make_folder() const {
  std::error_code error;
  fs::create_directories(folder_, error);
  if (error) {
    throw DataError(folder_.string() + ": cannot make the folder: " + error.message());
  }
}

void FigureFolder::tell(const fs::path& file) {
  std::cout << file.string() << std::endl;
  ++files_;
}

}  // namespace gyroseg
