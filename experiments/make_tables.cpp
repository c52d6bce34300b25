// make_tables: paper-style tables of evaluated runs, beside what papers and earlier systems published.
#include <filesystem>
#include <iostream>

#include <cxxopts.hpp>

#include "gyroseg/data/file_bytes.h"
#include "gyroseg/report/paper_table.h"
#include "program.h"

namespace {

using namespace gyroseg;

cxxopts::Options command_line() {
  cxxopts::Options options("make_tables",
                           "Tables of mIoU a level as papers have them: a row a run, mean and standard deviation "
                           "over RUN_seed0, RUN_seed1, ..., published figures below. Every number has its run "
                           "folder or its source beside it.\n");
  options.add_options()
      ("run", "run folder with config.yaml and the metrics.json of evaluate; repeat it", cxxopts::value<std::vector<std::string>>())
      ("published", "CSV of published figures (papers/README.md has the format); repeat it", cxxopts::value<std::vector<std::string>>())
      ("decode", "decode mode of all runs (default: the first one that each was evaluated with)", cxxopts::value<std::string>()->default_value(""))
      ("rows", "figures of the runs: levels: mIoU of every level | root_middle_leaf: mean root, middle and leaf IoU without background", cxxopts::value<std::string>()->default_value("levels"))
      ("title", "heading", cxxopts::value<std::string>()->default_value("Results"))
      ("output", "existing folder for table.md, table.csv and table.tex (default: none, Markdown is printed)", cxxopts::value<std::string>()->default_value(""));
  return options;
}

std::vector<std::string> values(const cxxopts::ParseResult& arguments, const std::string& name) {
  return arguments.count(name) > 0 ? arguments[name].as<std::vector<std::string>>()
                                   : std::vector<std::string>{};
}

int make_tables(const cxxopts::ParseResult& arguments) {
  if (arguments.count("run") + arguments.count("published") == 0) {
    throw UsageError("expected --run DIR or --published FILE.csv");
  }
  const bool levels = one_of(arguments, "rows", {"levels", "root_middle_leaf"}) == "levels";
  std::vector<RunSummary> runs;
  for (const std::string& folder : values(arguments, "run")) {
    runs.push_back(read_run_summary(folder, arguments["decode"].as<std::string>()));
  }
  std::vector<PublishedFigure> published;
  for (const std::string& file : values(arguments, "published")) {
    const std::vector<PublishedFigure> more = read_published(file);
    published.insert(published.end(), more.begin(), more.end());
  }
  const std::filesystem::path output = arguments["output"].as<std::string>();
  if (!output.empty() && !std::filesystem::is_directory(output)) {
    throw UsageError("--output: expected a folder, found none at " + output.string());
  }
  const PaperTable table = paper_table(arguments["title"].as<std::string>(), runs, published,
                                       levels ? CompareRows::levels : CompareRows::root_middle_leaf);
  std::cout << paper_markdown(table);
  if (output.empty()) {
    return 0;
  }
  write_text(output / "table.md", paper_markdown(table));
  write_text(output / "table.csv", paper_csv(table));
  write_text(output / "table.tex", paper_latex(table));
  std::cerr << "written to " << (output / "table.md").string() << " (and .csv, .tex)\n";
  return 0;
}

}  // namespace

int main(int argc, char** argv) { return run_program(command_line(), argc, argv, make_tables); }
