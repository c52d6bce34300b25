#include "gyroseg/study/study.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <iterator>

#include "gyroseg/config/read.h"
#include "gyroseg/data/image_io.h"
#include "gyroseg/study/child_process.h"
#include "gyroseg/study/comparison.h"
#include "gyroseg/study/folder_lock.h"
#include "gyroseg/study/tuning.h"
#include "gyroseg/training/interrupt.h"
#include "gyroseg/training/run_folder.h"
#include "support/tiny_run.h"

namespace gyroseg::study_test {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;

void put(const fs::path& file, const std::string& text) {
  fs::create_directories(file.parent_path());
  std::ofstream(file) << text;
}

std::string text_of(const fs::path& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

struct Files {
  TemporaryFolder folder{"study"};
  StudyFolders folders{folder.path() / "out", folder.path() / "work"};
  StudyArm arm{"poincare_c1_d8", "poincare", "1", 8, "", "", {}};
  StudyRun run{"poincare_c1_d8_seed0", &arm, 0, {}, false};
  StudyRun trial{"poincare_c1_d8_lr0.1", &arm, 9, 0.1, true};
  Config config = tiny_config("data", 32);
};

/// A line of metrics.jsonl with a validation.
std::string log_line(int step, const std::string& miou) {
  return R"({"epoch": )" + std::to_string(step) + R"(, "step": )" + std::to_string(step) +
         R"(, "val": {"modes": {"level_sum": [{"level": 1, "miou": 0.9}, {"level": 2, "miou": 0.8},)" +
         R"({"level": 3, "miou": )" + miou + "}]}}}\n";
}

TEST(Study, AKeptRunIsDone) {
  Files f;
  EXPECT_EQ(state_of(f.run, f.config, f.folders), RunState::missing);
  put(f.folders.work / f.run.name / "config.yaml", write_config(f.config));
  EXPECT_EQ(state_of(f.run, f.config, f.folders), RunState::missing);  // no checkpoint
  put(f.folders.work / f.run.name / "last.safetensors", "");
  EXPECT_EQ(state_of(f.run, f.config, f.folders), RunState::started);
  for (const char* file : {"metrics.jsonl", "measures.csv", "metrics.json", "best.safetensors"}) {
    put(f.folders.work / f.run.name / file, file);
  }
  keep_run(f.run, f.folders);
  EXPECT_EQ(state_of(f.run, f.config, f.folders), RunState::done);
  EXPECT_EQ(text_of(f.folders.output / "runs" / f.run.name / "measures.csv"), "measures.csv");
  EXPECT_FALSE(fs::exists(f.folders.output / "runs" / f.run.name / "best.safetensors"));
  EXPECT_TRUE(fs::exists(f.folders.work / f.run.name / "best.safetensors"));
  EXPECT_FALSE(fs::exists(f.folders.work / f.run.name / "last.safetensors"));
}

TEST(Study, ATuningRunLeavesNoFolder) {
  Files f;
  put(f.folders.work / f.trial.name / "config.yaml", write_config(f.config));
  put(f.folders.work / f.trial.name / "last.safetensors", "");
  put(f.folders.work / f.trial.name / "metrics.jsonl", log_line(1, "0.25"));
  keep_run(f.trial, f.folders);
  EXPECT_FALSE(fs::exists(f.folders.work / f.trial.name));
  EXPECT_EQ(state_of(f.trial, f.config, f.folders), RunState::done);
}

/// A plan of one arm and three rates.
struct Tuning : Files {
  Tuning() {
    put(folder.path() / "base.yaml", write_config(config));
    plan.base = folder.path() / "base.yaml";
    plan.seeds = {0, 1};
    plan.tuning = {{0.1, 0.01, 0.001}, 9, {}};
  }

  // Kept with the best validation mIoU of three.
  void keep(double lr, const std::string& miou) {
    const StudyRun tried = run_of(lr);
    put(folders.kept(tried) / "config.yaml", write_config(config_of(plan, tried)));
    put(folders.kept(tried) / "metrics.jsonl", log_line(1, "0.125") + log_line(2, miou) + log_line(3, "null"));
  }
  void keep_as_diverged(double lr) {
    const StudyRun tried = run_of(lr);
    put(folders.working(tried) / "config.yaml", write_config(config_of(plan, tried)));
    keep_diverged(tried, folders);
    EXPECT_FALSE(fs::exists(folders.working(tried)));
  }
  StudyRun run_of(double lr) {
    const std::vector<StudyRun> runs = tuning_runs(plan, arm);
    return *std::find_if(runs.begin(), runs.end(), [&](const StudyRun& r) { return r.lr == lr; });
  }

  TopologyPlan plan;
};

TEST(Study, TheBestRateIsThatOfTheLargestValidationScore) {
  Tuning t;
  t.keep(0.1, "0.25");
  t.keep(0.01, "0.5");
  EXPECT_FALSE(tuned_rate(t.plan, t.arm, t.folders)) << "one is missing";
  t.keep(0.001, "0.5");
  const TunedRate tuned = tuned_rate(t.plan, t.arm, t.folders).value();
  EXPECT_EQ(tuned.lr, 0.01);
  EXPECT_FALSE(tuned.outermost);
  EXPECT_EQ(outermost_rates({t.arm}, tuned_rates(t.plan, {t.arm}, t.folders)), "");
  EXPECT_THAT(tuned.rows, HasSubstr(",9,0.5,yes\n"));
  EXPECT_EQ(std::count(tuned.rows.begin(), tuned.rows.end(), '\n'), 3);
  t.plan.tuning.lr = {0.01, 0.001};
  EXPECT_TRUE(tuned_rate(t.plan, t.arm, t.folders)->outermost);
  EXPECT_THAT(outermost_rates({t.arm}, tuned_rates(t.plan, {t.arm}, t.folders)), HasSubstr("may lie beyond it: poincare_c1_d8."));
  t.arm.overrides = {"training.epochs=7"};
  EXPECT_FALSE(tuned_rate(t.plan, t.arm, t.folders)) << "made by another config";
  t.plan.tuning.lr = {};
  EXPECT_FALSE(tuned_rate(t.plan, t.arm, t.folders)->lr);
}

TEST(Study, TheCommandLineIsOnTopOfAllElse) {
  Tuning t;
  t.plan.tuning.overrides = {"training.epochs=2"};
  t.plan.on_top = {"training.epochs=5"};
  EXPECT_EQ(config_of(t.plan, t.run_of(0.1)).training.epochs, 5);
  EXPECT_EQ(config_of(t.plan, measured_runs(t.plan, t.arm, 0.1).at(0)).training.epochs, 5);
}

TEST(Study, ARateThatDivergesHasNoScore) {
  Tuning t;
  t.keep_as_diverged(0.1);
  t.keep(0.01, "0.25");
  t.keep(0.001, "0.1875");
  const TunedRate tuned = tuned_rate(t.plan, t.arm, t.folders).value();
  EXPECT_EQ(tuned.lr, 0.01);
  EXPECT_THAT(tuned.rows, HasSubstr(",9,,no\n"));
  t.keep_as_diverged(0.01);
  t.keep_as_diverged(0.001);
  EXPECT_FALSE(tuned_rate(t.plan, t.arm, t.folders));
}

// A plan that is widened after runs were measured: the old ones are of another rate.
TEST(Study, ResultsOfAnotherRateAreLeftOut) {
  Tuning t;
  t.keep(0.1, "0.25");
  t.keep(0.01, "0.5");
  t.keep(0.001, "0.25");
  for (const double lr : {0.01, 0.1}) {
    const StudyRun run = measured_runs(t.plan, t.arm, lr).at(lr == 0.01 ? 0 : 1);
    put(t.folders.kept(run) / "config.yaml", write_config(config_of(t.plan, run)));
    put(t.folders.kept(run) / "metrics.json", "{}");
    put(t.folders.kept(run) / "measures.csv", "corruption,level,measure,value\nnone,1,miou,0.5\n");
  }
  const TunedRates rates = tuned_rates(t.plan, {t.arm}, t.folders);
  const StudyResults results = read_results(t.plan, {t.arm}, rates, t.folders);
  ASSERT_EQ(results.done.size(), 1U);
  EXPECT_EQ(results.done[0].seed, 0U);
  EXPECT_EQ(results.done[0].lr, 0.01);
  EXPECT_EQ(results.left_out, std::vector<std::string>{"poincare_c1_d8_seed1"});
  EXPECT_THAT(completeness(results), HasSubstr("Left out, as another config"));
  EXPECT_THAT(completeness(results), Not(HasSubstr("UNFINISHED")));
}

// Seeds that diverge are no accident that a reader may be spared.
TEST(Study, TablesSayWhatIsMissingAndWhatDiverged) {
  Tuning t;
  t.plan.tuning.lr = {};
  const std::vector<StudyRun> runs = measured_runs(t.plan, t.arm, {});
  put(t.folders.working(runs[0]) / "config.yaml", write_config(config_of(t.plan, runs[0])));
  put(t.folders.working(runs[0]) / "metrics.jsonl", log_line(1, "0.125"));
  keep_diverged(runs[0], t.folders);
  EXPECT_EQ(state_of(runs[0], config_of(t.plan, runs[0]), t.folders), RunState::done);
  const StudyResults results =
      read_results(t.plan, {t.arm}, tuned_rates(t.plan, {t.arm}, t.folders), t.folders);
  EXPECT_TRUE(results.done.empty());
  EXPECT_EQ(results.diverged, std::vector<std::string>{"poincare_c1_d8_seed0"});
  EXPECT_EQ(results.missing, std::vector<std::string>{"poincare_c1_d8_seed1"});
  EXPECT_THAT(completeness(results), HasSubstr("UNFINISHED: 0 of 2 runs"));
  EXPECT_THAT(completeness(results), HasSubstr("is no fair sample): poincare_c1_d8_seed0."));
  EXPECT_EQ(completeness({}), "");
}

// What is not kept any more is measured again, not trained again, and another config's checkpoint is left alone.
TEST(Study, ATrainedRunIsMeasured) {
  Files f;
  const fs::path working = f.folders.working(f.run);
  put(working / "config.yaml", write_config(f.config));
  put(working / "best.safetensors", "");
  EXPECT_EQ(state_of(f.run, f.config, f.folders), RunState::missing);  // its training was not measured
  put(working / "metrics.json", "{}");
  EXPECT_EQ(state_of(f.run, f.config, f.folders), RunState::trained);
  f.config.optimizer.lr = 0.5;
  EXPECT_THROW((void)state_of(f.run, f.config, f.folders), ConfigError);
}

TEST(Study, AnotherConfigIsNamedAndRefused) {
  Files f;
  put(f.folders.output / "runs" / f.run.name / "config.yaml", write_config(f.config));
  put(f.folders.output / "runs" / f.run.name / "metrics.json", "{}");
  f.config.optimizer.lr = 0.5;
  f.config.name = "names do not count";
  try {
    (void)state_of(f.run, f.config, f.folders);
    FAIL();
  } catch (const ConfigError& error) {
    EXPECT_THAT(error.what(), HasSubstr(f.run.name + ": made by another config than the plan's; remove it"));
    EXPECT_THAT(error.what(), HasSubstr("\n  + "));
    EXPECT_THAT(error.what(), HasSubstr("lr: 0.5"));
    EXPECT_THAT(error.what(), Not(HasSubstr("names do not count")));
  }
}

TEST(ChildProcess, StatusAndWords) {
  const TemporaryFolder folder("child");
  const fs::path log = folder.path() / "log.txt";
  EXPECT_EQ(run_child({"/bin/sh", "-c", "echo one; echo two >&2; exit 3"}, log).status, 3);
  EXPECT_EQ(text_of(log), "one\ntwo\n");
  EXPECT_EQ(last_line(log), "two");
  EXPECT_EQ(run_child({"/bin/sh", "-c", "kill -9 $$"}, log).status, 128 + 9);
  EXPECT_EQ(run_child({"/no/such/program"}, log).status, 127);
  EXPECT_EQ(last_line(log), "the program cannot be run");
  EXPECT_EQ(last_line(folder.path() / "none"), "");
}

TEST(ChildProcess, AnInterruptIsPassedOn) {
  const TemporaryFolder folder("child_interrupt");
  const fs::path log = folder.path() / "log.txt";
  const InterruptGuard guard;
  bool raised = false;
  const ChildResult result =
      run_child({"/bin/sh", "-c", "trap 'echo saved; exit 0' INT; echo ready; while :; do sleep 0.05; done"}, log,
                [&] {
                  if (!raised && last_line(log) == "ready") {
                    raised = true;
                    std::raise(SIGINT);
                  }
                });
  EXPECT_TRUE(result.interrupted);
  EXPECT_EQ(result.status, 0);
  EXPECT_EQ(last_line(log), "saved");
}

TEST(FolderLock, HasOneHolder) {
  const TemporaryFolder folder("folder_lock");
  {
    const FolderLock lock(folder.path());
    try {
      const FolderLock second(folder.path());
      FAIL();
    } catch (const DataError& error) {
      EXPECT_EQ(error.what(), folder.path().string() + ": another program is at work here");
    }
  }
  EXPECT_NO_THROW(FolderLock{folder.path()});
  EXPECT_THROW(FolderLock{folder.path() / "none"}, DataError);
}

}  // namespace gyroseg::study_test
