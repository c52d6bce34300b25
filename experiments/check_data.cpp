// Checks a data set before training: missing pairs, sizes, broken files, values outside the tree, images
// in two splits, class frequencies and the class weights that follow from them.

#include <cxxopts.hpp>
#include <iostream>
#include <string>
#include <vector>

#include "gyroseg/config/read.h"
#include "gyroseg/data/check.h"
#include "gyroseg/data/image_io.h"
#include "gyroseg/hierarchy/hierarchy.h"
#include "program.h"

namespace {

int check(const cxxopts::ParseResult& options) {
  if (options.count("config") == 0) {
    throw gyroseg::UsageError("expected --config FILE");
  }
  using Strings = std::vector<std::string>;
  const gyroseg::Config config =
      gyroseg::read_config(options["config"].as<std::string>(),
                           options.count("set") != 0 ? options["set"].as<Strings>() : Strings{});
  const gyroseg::Hierarchy tree(config.hierarchy);
  const Strings splits = options.count("split") != 0 ? options["split"].as<Strings>()
                                                     : gyroseg::present_splits(config.data);
  if (splits.empty()) {
    throw gyroseg::DataError(
        config.data.root +
        ": no folder or list of data.splits exists here; check data.root and data.splits");
  }
  std::int64_t problems = 0;
  for (const std::string& problem : gyroseg::check_classes(config.data, tree)) {
    std::cout << problem << "\n";
    ++problems;
  }
  for (const std::string& split : splits) {
    const auto found = gyroseg::check_split(config.data, tree, split, config.data.threads);
    problems += found.num_problems();
    std::cout << gyroseg::describe(found, tree, options["show"].as<std::size_t>()) << "\n";
    if (&split == &splits.front() && found.total > 0) {
      std::cout << gyroseg::describe_weights(found, tree) << "\n";
    }
  }
  const auto shared = gyroseg::check_shared(config.data, splits, options["show"].as<std::size_t>());
  for (const std::string& line : shared.lines) {
    std::cout << line << "\n";
  }
  problems += shared.images;
  std::cout << (problems == 0 ? "clean" : std::to_string(problems) + " problems") << std::endl;
  return problems == 0 ? 0 : gyroseg::kUserError;
}

cxxopts::Options command_line() {
  cxxopts::Options options(
      "check_data",
      "Reads every image and mask of a data set and reports what is wrong, images in two "
      "splits, class frequencies and class weights.\nExit status: 0 clean, 2 problems.\n");
  options.add_options()("c,config", "YAML or JSON config (configs/README.md)",
                        cxxopts::value<std::string>())(
      "set", "override a key, such as --set data.root=DIR; may be repeated",
      cxxopts::value<std::vector<std::string>>())(
      "split", "split to check, may be repeated (default: every split that exists)",
      cxxopts::value<std::vector<std::string>>())(
      "show", "problems shown of each kind", cxxopts::value<std::size_t>()->default_value("10"));
  return options;
}

}  // namespace

int main(int argc, char** argv) { return gyroseg::run_program(command_line(), argc, argv, check); }
