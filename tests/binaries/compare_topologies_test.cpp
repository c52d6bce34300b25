// compare_topologies as a user calls it: a tiny plan, interrupted, gone on with, skipped, refused, failing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "binaries/program.h"
#include "gyroseg/config/read.h"
#include "support/tiny_run.h"

namespace gyroseg::compare_topologies_test {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;

std::string text_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void write_text(const fs::path& file, const std::string& text) { std::ofstream(file, std::ios::binary) << text; }

class CompareTopologies : public ::testing::Test {
 protected:
  CompareTopologies() : folder_("compare_topologies") {
    for (const auto& [split, count] : {std::pair{"train", 4}, std::pair{"val", 2}, std::pair{"test", 2}}) {
      draw_split(path("data"), split, count, 32);
    }
    Config config = tiny_config(path("data"), 32);
    config.training.epochs = 1;
    config.training.threads = 1;
    write_text(path("base.yaml"), write_config(config));
  }

  [[nodiscard]] fs::path path(const std::string& name) const { return folder_.path() / name; }
  void plan(const std::string& more) const {
    write_text(path("plan.yaml"), "base: base.yaml\nspaces: [euclidean, poincare]\ndimensions: [2]\n" + more);
  }
  [[nodiscard]] std::string arguments() const {
    return "--plan " + path("plan.yaml").string() + " --output " + path("out").string() + " --work " +
           path("work").string() + " ";
  }
  [[nodiscard]] ProgramResult run(const std::string& more = "") const {
    return run_binary("compare_topologies", arguments() + more);
  }

  TemporaryFolder folder_;
};

TEST_F(CompareTopologies, IsInterruptedAndGoesOn) {
  plan("seeds: [0, 1]\ncorruptions: [blur1]\n");
  const fs::path first = path("out/runs/euclidean_d2_seed0/metrics.json");
  // Ctrl-C as soon as the first run is kept.
  const ProgramResult stopped = run_shell(
      GYROSEG_BINARY_DIR "/compare_topologies " + arguments() + "& p=$!; while [ ! -f " + first.string() +
      " ] && kill -0 $p; do sleep 0.1; done; kill -INT $p; wait $p");
  ASSERT_EQ(stopped.status, 130) << stopped.text;
  EXPECT_THAT(stopped.text, HasSubstr("stopped, everything is saved; the same command goes on"));
  ASSERT_TRUE(fs::exists(first));
  EXPECT_FALSE(fs::exists(path("out/runs/poincare_c1_d2_seed1/metrics.json")));
  const auto made = fs::last_write_time(first);

  const ProgramResult finished = run("--jobs 2");
  ASSERT_EQ(finished.status, 0) << finished.text;
  EXPECT_EQ(fs::last_write_time(first), made);
  EXPECT_THAT(finished.text, Not(HasSubstr("== euclidean_d2_seed0")));
  EXPECT_THAT(finished.text, HasSubstr("4 of 4 runs are in"));
  EXPECT_THAT(run("--dry-run").text, HasSubstr("poincare_c1_d2_seed1  done"));
  const std::string markdown = text_of(path("out/table.md"));
  EXPECT_THAT(markdown, HasSubstr("## mIoU (higher is better)"));
  EXPECT_THAT(markdown, HasSubstr("| poincare_c1_d2 |"));
  EXPECT_THAT(markdown, HasSubstr("## Under shift"));
  EXPECT_THAT(text_of(path("out/table.tex")), HasSubstr("\\toprule"));
  const std::string results = text_of(path("out/results.csv"));
  for (const char* cell : {"poincare_c1_d2_seed1,poincare_c1_d2,poincare,1,2,,1,0.02999", ",blur1,3,miou,",
                           ",none,1,classwise_ece,", ",none,,tree_distance_of_errors,", ",none,,prototype_map,",
                           ",blur1,,prototype_map,"}) {
    EXPECT_THAT(results, HasSubstr(cell));
  }
  EXPECT_FALSE(fs::exists(path("out/runs/euclidean_d2_seed0/best.safetensors")));

  // What is no longer kept is measured again, by the checkpoint that work still has.
  const fs::path again = path("out/runs/poincare_c1_d2_seed1");
  const std::string first_figures = text_of(again / "measures.csv");
  fs::remove_all(again);
  EXPECT_THAT(run("--dry-run").text, HasSubstr("poincare_c1_d2_seed1  trained, to be measured"));
  const ProgramResult remeasured = run();
  ASSERT_EQ(remeasured.status, 0) << remeasured.text;
  EXPECT_THAT(remeasured.text, HasSubstr("poincare_c1_d2_seed1 (4 of 4): measuring"));
  EXPECT_EQ(text_of(again / "measures.csv"), first_figures);

  // evaluate measures the same copy of the split.
  const fs::path trained = path("work/poincare_c1_d2_seed1");
  const ProgramResult blurred = run_binary("evaluate", "--run " + trained.string() + " --corruption blur1");
  ASSERT_EQ(blurred.status, 0) << blurred.text;
  const std::string figures = text_of(path("out/runs/poincare_c1_d2_seed1/measures.csv"));
  const std::string key = "blur1,3,miou,";
  const std::string miou = figures.substr(figures.find(key) + key.size(), 10);
  EXPECT_THAT(text_of(trained / "test_blur1/metrics.json"), HasSubstr("\"miou\": " + miou));
  const ProgramResult rain = run_binary("evaluate", "--run " + trained.string() + " --corruption rain");
  EXPECT_EQ(rain.status, 2);
  EXPECT_THAT(rain.text, HasSubstr("--corruption: expected none, brightness1, ... or fog2, got rain"));

  // A run that was stopped in the middle ends with the same figures, bit for bit.
  const fs::path kept = path("out/runs/poincare_c1_d2_seed0");
  const std::string before = text_of(kept / "measures.csv");
  fs::remove_all(kept);
  const fs::path work = path("work/poincare_c1_d2_seed0");
  fs::remove_all(work);
  const ProgramResult part = run_binary("train", "--config " + work.string() + ".yaml --output " + work.string() +
                                                     " --stop-after 1");
  ASSERT_EQ(part.status, 0) << part.text;
  EXPECT_THAT(run("--dry-run").text, HasSubstr("poincare_c1_d2_seed0  started"));
  const ProgramResult resumed = run();
  ASSERT_EQ(resumed.status, 0) << resumed.text;
  EXPECT_THAT(resumed.text, HasSubstr("poincare_c1_d2_seed0 (4 of 4): going on"));
  EXPECT_EQ(text_of(kept / "measures.csv"), before);

  // Another config is named, refused and left alone.
  const ProgramResult refused = run("--set optimizer.momentum=0.5");
  EXPECT_EQ(refused.status, 1);
  EXPECT_THAT(refused.text, HasSubstr("made by another config than the plan's"));
  EXPECT_THAT(refused.text, HasSubstr("momentum: 0.5"));
  EXPECT_EQ(text_of(kept / "measures.csv"), before);
}

TEST_F(CompareTopologies, ChoosesRatesOnValidationDataAndOutlivesFailures) {
  plan("seeds: [0]\nset: [decode=leaf_argmax]\n"
       "arms: {broken: {set: [data.root=/nowhere]}}\n"
       "tune: {lr: [0.0001, 0.01], seed: 5}\n");
  const ProgramResult result = run("--only poincare_c1_d2 --only broken");
  EXPECT_EQ(result.status, 1) << result.text;
  EXPECT_THAT(result.text, HasSubstr("failed: broken_lr0.0001: train ended with status 2: train: /nowhere"));
  EXPECT_THAT(result.text, HasSubstr("failed: broken_seed0: no learning rate: a tuning run of its arm failed"));
  EXPECT_THAT(result.text, HasSubstr("so that a better one may lie beyond it: euclidean_d2, poincare_c1_d2.\n"));
  const std::string tuned = text_of(path("out/tuned.csv"));
  EXPECT_EQ(std::count(tuned.begin(), tuned.end(), '\n'), 5) << tuned;
  EXPECT_THAT(tuned, HasSubstr("poincare_c1_d2,0.01"));
  EXPECT_TRUE(fs::exists(path("out/tune/poincare_c1_d2_lr0.01/metrics.jsonl")));
  EXPECT_FALSE(fs::exists(path("work/poincare_c1_d2_lr0.01")));
  EXPECT_FALSE(fs::exists(path("out/tune/poincare_c1_d2_lr0.01/metrics.json")));  // no test data seen
  // The twin came along; both are measured once.
  EXPECT_THAT(result.text, HasSubstr("UNFINISHED: 2 of 3 runs"));
  EXPECT_THAT(text_of(path("out/table.md")), HasSubstr("UNFINISHED: 2 of 3 runs"));
  EXPECT_THAT(text_of(path("out/table.md")), HasSubstr("| euclidean_d2"));
}

TEST_F(CompareTopologies, SaysWhatIsWrong) {
  plan("seeds: [0]\n");
  const ProgramResult list = run_binary("compare_topologies", "--plan " + path("plan.yaml").string() + " --list");
  EXPECT_EQ(list.status, 0);
  EXPECT_THAT(list.text, HasSubstr("poincare_c1_d2  against euclidean_d2\n  embedding.space=poincare\n"));
  EXPECT_EQ(run("--dry-run").text, "euclidean_d2_seed0  to do\npoincare_c1_d2_seed0  to do\n");
  EXPECT_FALSE(fs::exists(path("out")));
  const ProgramResult only = run("--only poincare");
  EXPECT_EQ(only.status, 2);
  EXPECT_THAT(only.text, HasSubstr("--only: the plan has no arm poincare"));
  const ProgramResult none = run("--jobs 0");
  EXPECT_EQ(none.status, 2);
  EXPECT_THAT(none.text, HasSubstr("--jobs: expected a number from 1, got 0"));
  const ProgramResult wrong = run("--set embedding.dimm=2");
  EXPECT_EQ(wrong.status, 2);
  EXPECT_THAT(wrong.text, HasSubstr("unknown key, did you mean"));
  const ProgramResult seed = run("--set seed=2");
  EXPECT_EQ(seed.status, 2);
  EXPECT_THAT(seed.text, HasSubstr("seed is not the same in all runs"));
  plan("seeds: [0]\ncorruptions: [rain1]\n");
  const ProgramResult rain = run();
  EXPECT_EQ(rain.status, 2);
  EXPECT_THAT(rain.text, HasSubstr("plan.yaml:5: corruptions: expected all, or a list of brightness1"));
}

}  // namespace gyroseg::compare_topologies_test
