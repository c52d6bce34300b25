#include "gyroseg/study/run_study.h"

#include <c10/util/StringUtil.h>

#include <algorithm>
#include <map>

#include "gyroseg/config/read.h"
#include "gyroseg/data/file_bytes.h"
#include "gyroseg/report/csv.h"
#include "study_session.h"

namespace gyroseg {
namespace {

namespace fs = std::filesystem;

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
  StudySession session(plan, options, all, out);
  std::vector<StudyRun> trials;
  for (const StudyArm& arm : arms) {
    const std::vector<StudyRun> more = tuning_runs(plan, arm);
    trials.insert(trials.end(), more.begin(), more.end());
  }
  const std::vector<char> tried = session.make_all(trials);
  if (session.interrupted()) {
    return session.outcome();
  }
  std::string tuned_rows;
  std::map<std::string, std::optional<double>> rates;
  std::vector<std::string> outermost;
  for (std::size_t a = 0; a < arms.size(); ++a) {
    const std::size_t rate_count = plan.tuning.lr.size();
    const auto first = static_cast<std::ptrdiff_t>(a * rate_count);
    const auto last = static_cast<std::ptrdiff_t>((a + 1) * rate_count);
    if (rate_count == 0) {
      rates[arms[a].name] = std::nullopt;
    } else if (std::all_of(tried.begin() + first, tried.begin() + last, [](char done) { return done != 0; })) {
      const Tuned tuned = choose_rate({trials.begin() + first, trials.begin() + last}, options.folders);
      rates[arms[a].name] = tuned.lr;
      tuned_rows += tuned.csv;
      if (is_outermost(*tuned.lr, plan.tuning.lr)) {
        outermost.push_back(arms[a].name);
      }
    }
  }
  if (!outermost.empty()) {
    session.say("the best rate is the least or the largest of tune.lr, so that a better one may lie beyond it: " +
                c10::Join(", ", outermost));
  }
  if (!tuned_rows.empty()) {
    write_tuned(options.folders, tuned_rows);
  }
  // Seed by seed, so that an early look compares all arms.
  std::vector<StudyRun> measured;
  for (std::size_t s = 0; s < plan.seeds.size(); ++s) {
    for (const StudyArm& arm : arms) {
      const auto rate = rates.find(arm.name);
      if (rate == rates.end()) {
        session.fail(measured_runs(plan, arm, {}).at(s), "its learning rate is not tuned");
      } else {
        measured.push_back(measured_runs(plan, arm, rate->second).at(s));
      }
    }
  }
  (void)session.make_all(measured);
  (void)session.interrupted();
  return session.outcome();
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
