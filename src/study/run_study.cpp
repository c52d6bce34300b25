#include "gyroseg/study/run_study.h"

#include <c10/util/StringUtil.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>

#include "gyroseg/config/read.h"
#include "gyroseg/data/file_bytes.h"
#include "gyroseg/data/image_io.h"
#include "gyroseg/report/csv.h"
#include "gyroseg/report/progress.h"
#include "gyroseg/study/child_process.h"
#include "gyroseg/training/interrupt.h"
#include "gyroseg/training/run_folder.h"

namespace gyroseg {
namespace {

namespace fs = std::filesystem;

constexpr int kUnits = 1000;  // of a run, for the progress bar

struct Steps {
  std::int64_t made = 0;
  std::int64_t all = 0;
};

// Where a training's last checkpoint stands.
Steps steps_of(const RunFolder& run) {
  std::ifstream in(fs::path(run.last()).replace_extension(".json"));
  const auto json = nlohmann::json::parse(in, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) {
    return {};
  }
  return {json.value("step", std::int64_t{0}), json.value("total_steps", std::int64_t{0})};
}

/// The winner of an arm, and what was tried.
struct Tuned {
  std::optional<double> lr;
  std::string csv;  ///< rows of tuned.csv
};

// The largest score; of equal ones the first in the plan.
Tuned choose_rate(const std::vector<StudyRun>& runs, const StudyFolders& folders) {
  Tuned tuned;
  double best = -1;
  std::vector<double> scores;
  for (const StudyRun& run : runs) {
    scores.push_back(tuning_score(run, folders));
    if (scores.back() > best) {
      best = scores.back();
      tuned.lr = run.lr;
    }
  }
  for (std::size_t i = 0; i < runs.size(); ++i) {
    tuned.csv += runs[i].arm->name + "," + csv_cell(runs[i].lr) + "," + std::to_string(runs[i].seed) +
                 "," + csv_cell(std::optional(scores[i])) + "," +
                 (runs[i].lr == tuned.lr ? "yes" : "no") + "\n";
  }
  return tuned;
}

// Whether a rate has others on one side only: a better one may lie beyond it.
bool is_outermost(double lr, const std::vector<double>& tried) {
  const auto [least, most] = std::minmax_element(tried.begin(), tried.end());
  return lr == *least || lr == *most;
}

class Session {
 public:
  Session(const TopologyPlan& plan, const StudyOptions& options, std::int64_t runs, std::ostream& out)
      : plan_(plan), options_(options), runs_(runs), out_(out) {}

  /// Whether it is done at the end.
  bool make(const StudyRun& run) {
    ++begun_;
    bool done = false;
    try {
      done = made(run);
    } catch (const std::exception& error) {
      fail(run, error.what());
    }
    if (progress_) {
      progress_->clear();
    }
    return done;
  }

  void fail(const StudyRun& run, const std::string& what) {
    outcome.failed.push_back(run.name + ": " + what);
    out_ << "== " << run.name << ": failed: " << what << std::endl;
  }

  StudyOutcome outcome;

 private:
  bool made(const StudyRun& run) {
    const Config config = config_of(plan_, run);
    const RunState state = state_of(run, config, options_.folders);
    if (state == RunState::done) {
      ++skipped_;
      return true;
    }
    if (!progress_) {
      progress_.emplace(out_, options_.terminal, runs_ * kUnits, skipped_ * kUnits);
    }
    const RunFolder working{options_.folders.working(run)};
    if (state == RunState::missing) {
      start(run, config);
    }
    out_ << "== " << run.name << " (" << begun_ << " of " << runs_ << "): "
         << (state == RunState::missing ? "training" : "going on") << " in " << working.path.string()
         << std::endl;
    // Its own config.yaml is written once the data have been read; until then the plan's is the config.
    std::vector<std::string> train = {options_.train.string()};
    if (state == RunState::started) {
      train.insert(train.end(), {"--resume", working.path.string()});
    } else {
      train.insert(train.end(), {"--config", given(run).string(), "--output", working.path.string()});
    }
    if (!child(run, train, "train")) {
      return false;
    }
    const Steps steps = steps_of(working);
    if (steps.made < steps.all && config.training.early_stopping == 0) {
      fail(run, "train stopped at step " + std::to_string(steps.made) + " of " + std::to_string(steps.all) +
                    "; the same command goes on");
      return false;
    }
    if (!run.tuning && !child(run, {options_.measure.string(), "--measure", working.path.string(),
                                    "--corruptions", c10::Join(",", plan_.corruptions)}, "measuring")) {
      return false;
    }
    keep_run(run, options_.folders);
    return true;
  }

  [[nodiscard]] fs::path given(const StudyRun& run) const {
    return options_.folders.work / (run.name + ".yaml");
  }

  // What a training left that ended before its first checkpoint is of no use.
  void start(const StudyRun& run, const Config& config) const {
    std::error_code error;
    const fs::path working = options_.folders.working(run);
    const RunFolder folder{working};
    for (const fs::path& file : {folder.config(), folder.metrics(), folder.best(),
                                 fs::path(folder.best()).replace_extension(".json")}) {
      fs::remove(file, error);
    }
    fs::create_directories(working, error);
    if (error) {
      throw DataError(working.string() + ": cannot make the folder: " + error.message());
    }
    write_text(given(run), write_config(config));
  }

  bool child(const StudyRun& run, const std::vector<std::string>& arguments, const std::string& what) {
    const RunFolder working{options_.folders.working(run)};
    const fs::path log = working.path / "log.txt";
    const ChildResult result = run_child(arguments, log, [&] {
      // train's own line, "step 20/400  epoch 1  loss 1.78 ..."; measuring counts as the end of the run.
      const std::string line = last_line(log);
      long long made = 0;
      long long all = 0;
      const bool counted = std::sscanf(line.c_str(), "step %lld/%lld", &made, &all) == 2 && all > 0;
      const std::int64_t part = what != "train" ? kUnits - 1 : counted ? kUnits * made / all : 0;
      progress_->update((begun_ - 1) * kUnits + std::clamp<std::int64_t>(part, 0, kUnits - 1),
                        "run " + std::to_string(begun_) + " of " + std::to_string(runs_) + "  " +
                            run.name + (counted && what == "train" ? ": " + line.substr(0, line.find("  ETA")) : ""));
    });
    if (result.interrupted) {
      outcome.interrupted = true;
      return false;
    }
    if (result.status != 0) {
      fail(run, what + " ended with status " + std::to_string(result.status) + ": " + last_line(log) +
                    " (" + log.string() + ")");
    }
    return result.status == 0;
  }

  const TopologyPlan& plan_;
  const StudyOptions& options_;
  std::int64_t runs_;
  std::int64_t begun_ = 0;
  std::int64_t skipped_ = 0;
  std::ostream& out_;
  std::optional<Progress> progress_;  ///< begins with the first run that is not done
};

void write_tuned(const StudyFolders& folders, const std::string& rows) {
  const std::string text = "arm,lr,seed,val_miou,chosen\n" + rows;
  fs::create_directories(folders.output);
  write_text(folders.output / "tuned.csv", text);
}

const char* word_of(RunState state) {
  return state == RunState::done ? "done" : state == RunState::started ? "started" : "to do";
}

}  // namespace

StudyOutcome run_study(const TopologyPlan& plan, const std::vector<StudyArm>& arms,
                       const StudyOptions& options, std::ostream& out) {
  const auto all = static_cast<std::int64_t>(arms.size() * (plan.seeds.size() + plan.tuning.lr.size()));
  Session session(plan, options, all, out);
  std::string tuned_rows;
  std::map<std::string, std::optional<double>> rates;
  std::vector<std::string> outermost;
  for (const StudyArm& arm : arms) {
    const std::vector<StudyRun> trials = tuning_runs(plan, arm);
    bool complete = true;
    for (const StudyRun& run : trials) {
      complete = session.make(run) && complete;
      if (session.outcome.interrupted || InterruptGuard::requested()) {
        session.outcome.interrupted = true;
        return session.outcome;
      }
    }
    if (trials.empty()) {
      rates[arm.name] = std::nullopt;
    } else if (complete) {
      const Tuned tuned = choose_rate(trials, options.folders);
      rates[arm.name] = tuned.lr;
      tuned_rows += tuned.csv;
      if (is_outermost(*tuned.lr, plan.tuning.lr)) {
        outermost.push_back(arm.name);
      }
    }
  }
  if (!outermost.empty()) {
    out << "== the best rate is the least or the largest of tune.lr, so that a better one may lie beyond it: "
        << c10::Join(", ", outermost) << std::endl;
  }
  if (!tuned_rows.empty()) {
    write_tuned(options.folders, tuned_rows);
  }
  // Seed by seed, so that an early look compares all arms.
  for (std::size_t s = 0; s < plan.seeds.size(); ++s) {
    for (const StudyArm& arm : arms) {
      if (!rates.contains(arm.name)) {
        session.fail(measured_runs(plan, arm, {}).at(s), "its learning rate is not tuned");
        continue;
      }
      (void)session.make(measured_runs(plan, arm, rates.at(arm.name)).at(s));
      if (session.outcome.interrupted || InterruptGuard::requested()) {
        session.outcome.interrupted = true;
        return session.outcome;
      }
    }
  }
  return session.outcome;
}

std::string describe_study(const TopologyPlan& plan, const std::vector<StudyArm>& arms,
                           const StudyFolders& folders) {
  std::string text;
  const auto describe = [&](const StudyRun& run) {
    RunState state = RunState::missing;
    try {
      state = state_of(run, config_of(plan, run), folders);
      text += run.name + "  " + word_of(state) + "\n";
    } catch (const ConfigError& error) {
      text += run.name + "  refused: " + error.what() + "\n";
    }
    return state == RunState::done;
  };
  for (const StudyArm& arm : arms) {
    bool tuned = true;
    const std::vector<StudyRun> trials = tuning_runs(plan, arm);
    for (const StudyRun& run : trials) {
      tuned = describe(run) && tuned;
    }
    if (!tuned) {
      for (const StudyRun& run : measured_runs(plan, arm, {})) {
        text += run.name + "  waits for its learning rate\n";
      }
      continue;
    }
    const std::optional<double> lr = trials.empty() ? std::nullopt : choose_rate(trials, folders).lr;
    for (const StudyRun& run : measured_runs(plan, arm, lr)) {
      (void)describe(run);
    }
  }
  return text;
}

}  // namespace gyroseg
