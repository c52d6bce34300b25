// Checks a data set before training: missing pairs, sizes, broken files, values outside the tree, images
// in two splits, class frequencies and the class weights that follow from them.

#include <algorithm>
#include <cxxopts.hpp>
#include <iostream>
#include <string>
#include <vector>

#include "gyroseg/config/read.h"
#include "gyroseg/data/check.h"
#include "gyroseg/data/image_io.h"
#include "gyroseg/hierarchy/hierarchy.h"
#include "gyroseg/training/run_folder.h"
#include "program.h"
#include "trained.h"

namespace {

int check(const cxxopts::ParseResult& options) {
  if (options.count("config") == 0) {
    throw gyroseg::UsageError("expected --config FILE");
  }
  using Strings = std::vector<std::string>;
  const gyroseg::Config config = gyroseg::read_config(
      options["config"].as<std::string>(), gyroseg::without_network(gyroseg::overrides_of(options)));
  const gyroseg::Hierarchy tree(config.hierarchy);
  const Strings present = gyroseg::present_splits(config.data);
  if (present.empty()) {
    throw gyroseg::DataError(
        config.data.root +
        ": no folder or list of data.splits exists here; check data.root and data.splits");
  }
  Strings splits = {"train", "val"};  // no training without them: where one is missing, that is a problem
  if (options.count("split") != 0) {
    splits = options["split"].as<Strings>();
  } else if (std::find(present.begin(), present.end(), "test") != present.end()) {
    splits.emplace_back("test");
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
    if (split == "train" && found.total > 0) {
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
  options.add_options()("c,cfg,config", "YAML or JSON config (configs/README.md)",
                        cxxopts::value<std::string>())(
      "set", "override a key, such as --set data.root=DIR; may be repeated",
      cxxopts::value<std::vector<std::string>>())(
      "split", "split to check, may be repeated (default: train, val, and test where it exists)",
      cxxopts::value<std::vector<std::string>>())(
      "show", "problems shown of each kind", cxxopts::value<std::size_t>()->default_value("10"));
  return options;
}

}  // namespace

int main(int argc, char** argv) { return gyroseg::run_program(command_line(), argc, argv, check); }
