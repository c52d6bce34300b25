#include "figure_folder.h"

#include <charconv>
#include <iostream>

#include "gyroseg/data/file_bytes.h"
#include "gyroseg/data/image_io.h"
#include "program.h"

namespace gyroseg {

namespace fs = std::filesystem;

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
