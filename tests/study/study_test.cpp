#include "gyroseg/study/study.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <fstream>
#include <iterator>

#include "gyroseg/config/read.h"
#include "gyroseg/data/image_io.h"
#include "gyroseg/study/child_process.h"
#include "gyroseg/study/folder_lock.h"
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
  const auto line = [](int step, const std::string& miou) {
    return R"({"epoch": )" + std::to_string(step) + R"(, "step": )" + std::to_string(step) +
           R"(, "val": {"modes": {"level_sum": [{"level": 1, "miou": 0.9}, {"level": 2, "miou": 0.8},)" +
           R"({"level": 3, "miou": )" + miou + "}]}}}\n";
  };
  put(f.folders.work / f.trial.name / "metrics.jsonl", line(1, "0.25") + line(2, "0.5") + line(3, "null"));
  keep_run(f.trial, f.folders);
  EXPECT_FALSE(fs::exists(f.folders.work / f.trial.name));
  EXPECT_EQ(state_of(f.trial, f.config, f.folders), RunState::done);
  EXPECT_EQ(tuning_score(f.trial, f.folders), 0.5);
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
