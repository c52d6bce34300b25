#include "gyroseg/study/run_study.h"

#include <algorithm>

#include "gyroseg/config/read.h"
#include "gyroseg/data/file_bytes.h"
#include "gyroseg/study/tuning.h"
#include "study_session.h"

namespace gyroseg {
namespace {

namespace fs = std::filesystem;

void write_tuned(const StudyFolders& folders, const std::string& rows) {
  fs::create_directories(folders.output);
  write_text(folders.output / "tuned.csv", "arm,lr,seed,val_miou,chosen\n" + rows);
}

const char* word_of(RunState state) {
  switch (state) {
    case RunState::missing:
      return "to do";
    case RunState::started:
      return "started";
    case RunState::trained:
      return "trained, to be measured";
    case RunState::done:
      return "done";
  }
  return "";
}

}  // namespace

StudyOutcome run_study(const TopologyPlan& plan, const std::vector<StudyArm>& arms,
                       const StudyOptions& options, std::ostream& out) {
  std::vector<StudyRun> trials;
  std::vector<StudyRun> all;
  for (const StudyArm& arm : arms) {
    const std::vector<StudyRun> more = tuning_runs(plan, arm);
    trials.insert(trials.end(), more.begin(), more.end());
    const std::vector<StudyRun> last = measured_runs(plan, arm, {});
    all.insert(all.end(), last.begin(), last.end());
  }
  all.insert(all.end(), trials.begin(), trials.end());
  const auto kept = std::count_if(all.begin(), all.end(), [&](const StudyRun& run) {
    return is_kept(run, options.folders);
  });
  StudySession session(plan, options, {static_cast<std::int64_t>(all.size()), kept}, out);
  session.make_all(trials);
  if (session.interrupted()) {
    return session.outcome();
  }
  const std::vector<StudyArm> every = arms_of(plan);  // arms may be some of them
  const TunedRates rates = tuned_rates(plan, every, options.folders);
  if (const std::string warning = outermost_rates(arms, rates); !warning.empty()) {
    session.say(warning);
  }
  std::string tuned_rows;
  for (const StudyArm& arm : every) {
    const auto rate = rates.find(arm.name);
    tuned_rows += rate == rates.end() ? "" : rate->second.rows;
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
        session.fail(measured_runs(plan, arm, {}).at(s),
                     "no learning rate: a tuning run of its arm failed, or all diverged");
      } else {
        measured.push_back(measured_runs(plan, arm, rate->second.lr).at(s));
      }
    }
  }
  session.make_all(measured);
  (void)session.interrupted();
  return session.outcome();
}

std::string describe_study(const TopologyPlan& plan, const std::vector<StudyArm>& arms,
                           const StudyFolders& folders) {
  std::string text;
  const auto describe = [&](const StudyRun& run) {
    try {
      text += run.name + "  " + word_of(state_of(run, config_of(plan, run), folders)) + "\n";
    } catch (const ConfigError& error) {
      text += run.name + "  refused: " + error.what() + "\n";
    }
  };
  for (const StudyArm& arm : arms) {
    for (const StudyRun& run : tuning_runs(plan, arm)) {
      describe(run);
    }
    const std::optional<TunedRate> tuned = tuned_rate(plan, arm, folders);
    if (!tuned) {
      for (const StudyRun& run : measured_runs(plan, arm, {})) {
        text += run.name + "  waits for its learning rate (tuning runs are not done, or all diverged)\n";
      }
      continue;
    }
    for (const StudyRun& run : measured_runs(plan, arm, tuned->lr)) {
      describe(run);
    }
  }
  return text;
}

}  // namespace gyroseg
