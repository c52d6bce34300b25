// compare: the per-level figures of several evaluated runs side by side.
#include <filesystem>
#include <iostream>

#include <cxxopts.hpp>

#include "gyroseg/report/metrics_files.h"
#include "gyroseg/report/metrics_tables.h"
#include "gyroseg/report/run_names.h"
#include "program.h"

namespace {

using namespace gyroseg;

cxxopts::Options command_line() {
  cxxopts::Options options("compare", "Prints one table: figures of every level, a column a run, from the metrics.json of evaluate.\n");
  options.add_options()
      ("run", "run folder that evaluate has written to; repeat it", cxxopts::value<std::vector<std::string>>())
      ("rows", "levels: one a level | root_middle_leaf: mean root, middle and leaf IoU without background", cxxopts::value<std::string>()->default_value("levels"))
      ("markdown", "print Markdown");
  return options;
}

int compare(const cxxopts::ParseResult& arguments) {
  if (arguments.count("run") == 0) {
    throw UsageError("expected --run DIR --run DIR ...");
  }
  const bool levels = one_of(arguments, "rows", {"levels", "root_middle_leaf"}) == "levels";
  const auto given = arguments["run"].as<std::vector<std::string>>();
  const std::vector<std::filesystem::path> folders(given.begin(), given.end());
  const std::vector<std::string> names = run_names(folders);
  std::vector<NamedReport> runs;
  for (std::size_t i = 0; i < folders.size(); ++i) {
    const StoredEvaluation stored = read_evaluation(folders[i] / "metrics.json");
    runs.push_back({names[i], stored.report, {stored.context.begin(), stored.context.end()}});
  }
  std::cout << compare_table(runs, arguments.count("markdown") > 0 ? TableStyle::markdown : TableStyle::text,
                             levels ? CompareRows::levels : CompareRows::root_middle_leaf);
  return 0;
}

}  // namespace

int main(int argc, char** argv) { return run_program(command_line(), argc, argv, compare); }
