#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <cxxopts.hpp>

#include "gyroseg/training/run_figures.h"

namespace gyroseg {

/// --run, --split, --image, --samples, --level, --theme, --checkpoint, --set, --output and --overwrite.
/// folder: of the figures of one run, in it; samples: default.
void add_figure_options(cxxopts::Options& options, const std::string& folder, int samples);

/// What they say but for the output. Throws UsageError.
[[nodiscard]] FigureRequest read_figures(const cxxopts::ParseResult& arguments);

/// Where a program puts the figures of `runs`: --output or, of one run, its own folder `name`, which is
/// drawn anew each time. Files are named on standard output as they are written.
class FigureFolder {
 public:
  /// Throws UsageError: several runs and no --output; one that holds files, without --overwrite.
  FigureFolder(const cxxopts::ParseResult& arguments, const std::vector<std::string>& runs,
               const std::string& name);

  /// NAME.svg and NAME.png. Throws DataError where the folder cannot be made or a file not written.
  void add(const std::string& name, const Svg& figure);
  void add_csv(const std::string& name, const std::string& csv);

  /// Throws DataError where there was nothing to draw.
  void finish() const;

 private:
  void make_folder() const;
  void tell(const std::filesystem::path& file);

  std::filesystem::path folder_;
  int files_ = 0;
};

}  // namespace gyroseg
