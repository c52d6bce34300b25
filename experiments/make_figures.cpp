// Draws the data set `figures`: articulated people in clutter, JPEG images and palette-PNG masks
// (configs/figures/README.md).

#include <algorithm>
#include <cstdint>
#include <iostream>
#include <limits>
#include <string>
#include <thread>

#include <cxxopts.hpp>

#include "gyroseg/data/figures_set.h"
#include "gyroseg/report/progress.h"
#include "program.h"

namespace {

/// An integer option within its range.
std::int64_t read_integer(const cxxopts::ParseResult& arguments, const std::string& name,
                          std::int64_t low, std::int64_t high) {
  const auto value = arguments[name].as<std::int64_t>();
  if (value < low || value > high) {
    throw gyroseg::UsageError("--" + name + ": expected an integer from " + std::to_string(low) +
                              " to " + std::to_string(high) + ", got " + std::to_string(value));
  }
  return value;
}

gyroseg::FiguresSetOptions read_options(const cxxopts::ParseResult& arguments) {
  constexpr std::int64_t kMost = 1'000'000;
  gyroseg::FiguresSetOptions options;
  options.train = read_integer(arguments, "train", 0, kMost);
  options.val = read_integer(arguments, "val", 0, kMost);
  options.test = read_integer(arguments, "test", 0, kMost);
  options.figures.size = static_cast<int>(read_integer(arguments, "size", 16, 1024));
  options.figures.seed = static_cast<std::uint64_t>(
      read_integer(arguments, "seed", 0, std::numeric_limits<std::int64_t>::max()));
  options.threads = static_cast<int>(read_integer(arguments, "threads", 0, 256));
  if (options.threads == 0) {
    options.threads = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  }
  return options;
}

int make_figures(const cxxopts::ParseResult& arguments) {
  if (arguments.count("output") == 0 || arguments["output"].as<std::string>().empty()) {
    throw gyroseg::UsageError("expected --output DIR");
  }
  const gyroseg::FiguresSetOptions options = read_options(arguments);
  const auto root = arguments["output"].as<std::string>();
  gyroseg::Progress progress(std::cerr, gyroseg::on_terminal(),
                             options.train + options.val + options.test);
  const bool written =
      gyroseg::write_figures_set(root, options, [&](std::int64_t done, std::int64_t) {
        progress.update(done, "drawing " + root);
      });
  progress.clear();
  std::cout << root << ": " << options.train << " train, " << options.val << " val, "
            << options.test << " test images of " << options.figures.size << " x "
            << options.figures.size
            << ", seed " << options.figures.seed
            << (written ? "" : "; drawn before, left as it is") << std::endl;
  return 0;
}

cxxopts::Options command_line() {
  cxxopts::Options options("make_figures",
                           "Draws people in clutter as JPEG images and palette-PNG masks: "
                           "OUTPUT/{train,val,test}/{images,masks}.\nA folder that holds the "
                           "same set is left as it is, an interrupted one is completed, any "
                           "other content is refused.\nExit status: 0 done, 2 wrong arguments or "
                           "folder.\n");
  using cxxopts::value;
  options.add_options()
      ("o,output", "folder of the set", value<std::string>())
      ("train", "training images", value<std::int64_t>()->default_value("1500"))
      ("val", "validation images", value<std::int64_t>()->default_value("150"))
      ("test", "test images", value<std::int64_t>()->default_value("300"))
      ("size", "side of the images in pixels, 16 to 1024",
       value<std::int64_t>()->default_value("64"))
      ("seed", "names the set, >= 0", value<std::int64_t>()->default_value("0"))
      ("threads", "drawing threads, 0: one for each core; the files do not depend on it",
       value<std::int64_t>()->default_value("0"));
  return options;
}

}  // namespace

int main(int argc, char** argv) { return gyroseg::run_program(command_line(), argc, argv, make_figures); }
