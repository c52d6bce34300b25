// compare_topologies: a plan of embedding spaces, dimensions, curvatures, losses and seeds, trained, tuned,
// measured, and compared with statistics.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <sstream>
#include <thread>

#include <cxxopts.hpp>

#include "gyroseg/data/corruption.h"
#include "gyroseg/data/file_bytes.h"
#include "gyroseg/data/image_io.h"
#include "gyroseg/report/progress.h"
#include "gyroseg/study/folder_lock.h"
#include "gyroseg/study/run_study.h"
#include "gyroseg/study/study_charts.h"
#include "gyroseg/study/tuning.h"
#include "gyroseg/training/interrupt.h"
#include "program.h"
#include "trained.h"

namespace {

using namespace gyroseg;
namespace fs = std::filesystem;
using Names = std::vector<std::string>;

cxxopts::Options command_line() {
  cxxopts::Options options("compare_topologies",
                           "Compares embedding spaces by a plan (docs/compare_topologies.md): trains what is not "
                           "done yet, one process a run, goes on where it was stopped, and writes tables, figures "
                           "and statistics.\n");
  options.add_options()
      ("plan", "YAML plan", cxxopts::value<std::string>())
      ("output", "folder of the results; small files alone", cxxopts::value<std::string>())
      ("work", "folder of the run folders with their checkpoints (default: runs/compare_topologies/NAME)", cxxopts::value<std::string>()->default_value(""))
      ("jobs", "runs at once; each has the cores / jobs as OMP_NUM_THREADS, unless that is set", cxxopts::value<int>()->default_value("1"))
      ("only", "train this arm of the plan and its twin alone; may be repeated. Tables hold all arms", cxxopts::value<Names>())
      ("set", "override a key in every run, such as --set data.root=DIR; may be repeated", cxxopts::value<Names>())
      ("list", "print the arms with their overrides and exit")
      ("dry-run", "print every run and whether it is done, and exit")
      ("tables", "write the tables of what is done, without training")
      ("measure", "measure the run folder RUN of train on the test split: metrics.json and measures.csv there", cxxopts::value<std::string>())
      ("corruptions", "with --measure: also on these copies of the split, separated by commas", cxxopts::value<std::string>()->default_value(""));
  return options;
}

Names words_of(const std::string& text) {
  Names words;
  std::istringstream in(text);
  for (std::string word; std::getline(in, word, ',');) {
    words.push_back(word);
  }
  return words;
}

int measure(const cxxopts::ParseResult& arguments) {
  const Names corruptions = words_of(arguments["corruptions"].as<std::string>());
  const Names& known = corruption_names();
  for (const std::string& name : corruptions) {
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      throw UsageError("--corruptions: unknown corruption " + name);
    }
  }
  LoadedRun run = load_run(arguments["measure"].as<std::string>(), "best", {});
  std::optional<Progress> progress;
  const std::vector<Measure> measures =
      measure_run(run, "test", corruptions, [&](std::int64_t done, std::int64_t all) {
        if (!progress) {
          progress.emplace(std::cerr, on_terminal(), all);
        }
        progress->update(done, "measuring");
      });
  if (progress) {
    progress->clear();
  }
  write_measures(run.folder.path / "measures.csv", measures);
  evaluate_and_write(run, {}, run.folder.path);
  return 0;
}

std::string list_of(const std::vector<StudyArm>& arms) {
  std::string text;
  for (const StudyArm& arm : arms) {
    text += arm.name + (arm.twin.empty() ? "" : "  against " + arm.twin) + "\n";
    for (const std::string& override : arm.overrides) {
      text += "  " + override + "\n";
    }
  }
  return text;
}

// The arms asked for and their twins, in the plan's order.
std::vector<StudyArm> wanted_arms(const std::vector<StudyArm>& all, const Names& only) {
  if (only.empty()) {
    return all;
  }
  Names wanted = only;
  for (const std::string& name : only) {
    const auto arm = std::find_if(all.begin(), all.end(), [&](const StudyArm& a) { return a.name == name; });
    if (arm == all.end()) {
      throw UsageError("--only: the plan has no arm " + name + "; --list prints them");
    }
    wanted.push_back(arm->twin);
  }
  std::vector<StudyArm> arms;
  std::copy_if(all.begin(), all.end(), std::back_inserter(arms), [&](const StudyArm& arm) {
    return std::find(wanted.begin(), wanted.end(), arm.name) != wanted.end();
  });
  return arms;
}

// Tables hold what is done; nothing done, nothing written.
void write_results(const TopologyPlan& plan, const std::vector<StudyArm>& arms, const StudyFolders& folders) {
  const TunedRates rates = tuned_rates(plan, arms, folders);
  const StudyResults results = read_results(plan, arms, rates, folders);
  std::string note = completeness(results);
  if (!note.empty()) {
    std::cerr << note << std::endl;
  }
  if (results.done.empty()) {
    std::cerr << "no run is done yet: no tables" << std::endl;
    return;
  }
  const std::string outermost = outermost_rates(arms, rates);
  note += (note.empty() || outermost.empty() ? "" : " ") + outermost;
  const std::vector<ComparisonTable> tables = compare_arms(arms, results.done);
  write_text(folders.output / "results.csv", results_csv(results.done));
  write_text(folders.output / "statistics.csv", comparison_csv(tables));
  write_text(folders.output / "table.md", comparison_markdown(plan.title, tables, note));
  write_text(folders.output / "table.tex", comparison_latex(plan.title, tables, note));
  for (const NamedChart& chart : study_charts(tables)) {
    fs::create_directories(folders.output / "figures");
    (void)write_figure(folders.output / "figures", chart.file, draw(chart.chart));
  }
  std::cerr << results.done.size() << " of " << arms.size() * plan.seeds.size() << " runs are in "
            << (folders.output / "table.md").string() << " (and .tex, results.csv, statistics.csv, figures/)"
            << std::endl;
}

int compare(const cxxopts::ParseResult& arguments) {
  if (arguments.count("measure") > 0) {
    return measure(arguments);
  }
  if (arguments.count("plan") == 0) {
    throw UsageError("expected --plan FILE");
  }
  TopologyPlan plan = read_topology_plan(arguments["plan"].as<std::string>(), corruption_names());
  plan.on_top = overrides_of(arguments);
  refuse_axis_keys(plan);
  const std::vector<StudyArm> all = arms_of(plan);
  const std::vector<StudyArm> arms =
      wanted_arms(all, arguments.count("only") > 0 ? arguments["only"].as<Names>() : Names{});
  for (const StudyArm& arm : arms) {
    for (const StudyRun& run : measured_runs(plan, arm, {})) {
      (void)config_of(plan, run);  // what is wrong with a config is said before anything is trained
    }
  }
  if (arguments.count("list") > 0) {
    std::cout << list_of(arms);
    return 0;
  }
  if (arguments.count("output") == 0) {
    throw UsageError("expected --output DIR");
  }
  const std::string work = arguments["work"].as<std::string>();
  StudyOptions options;
  options.folders = {arguments["output"].as<std::string>(),
                     work.empty() ? fs::path("runs/compare_topologies") / plan.name : fs::path(work)};
  if (arguments.count("dry-run") > 0) {
    std::cout << describe_study(plan, arms, options.folders);
    return 0;
  }
  if (arguments.count("tables") > 0) {
    write_results(plan, all, options.folders);
    return 0;
  }
  options.measure = fs::read_symlink("/proc/self/exe");
  options.train = options.measure.parent_path() / "train";
  options.terminal = on_terminal();
  options.jobs = number_from(arguments, "jobs", 1);
  if (options.jobs > 1) {
    const int threads = std::max(1, static_cast<int>(std::thread::hardware_concurrency()) / options.jobs);
    ::setenv("OMP_NUM_THREADS", std::to_string(threads).c_str(), /*overwrite=*/0);
  }
  const InterruptGuard interrupt;
  fs::create_directories(options.folders.output);
  fs::create_directories(options.folders.work);
  const FolderLock lock(options.folders.work);
  const StudyOutcome outcome = run_study(plan, arms, options, std::cerr);
  write_results(plan, all, options.folders);
  if (outcome.interrupted) {
    std::cerr << "stopped, everything is saved; the same command goes on" << std::endl;
    return kInterrupted;
  }
  for (const std::string& failure : outcome.failed) {
    std::cerr << "failed: " << failure << std::endl;
  }
  return outcome.failed.empty() ? 0 : kFailure;
}

}  // namespace

int main(int argc, char** argv) { return run_program(command_line(), argc, argv, compare); }
