// plot_runs on runs of train, and on folders that lack something.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "binaries/program.h"
#include "gyroseg/config/read.h"
#include "gyroseg/training/run_folder.h"
#include "support/tiny_run.h"

namespace gyroseg::plot_runs_test {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr int kSize = 32;

std::string text_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

class PlotRunsTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new TemporaryFolder("plot_runs");
    for (const auto& [split, count] :
         {std::pair{"train", 2}, std::pair{"val", 2}, std::pair{"test", 3}}) {
      draw_split(path("data"), split, count, kSize);
    }
    Config config = tiny_config(path("data"), kSize);
    config.training.epochs = 1;
    config.optimizer.clip_norm = 1;
    config.decode = {"level_sum", "leaf_argmax"};
    std::ofstream(path("config.yaml")) << write_config(config);
    for (const std::string name : {"a", "b"}) {
      const ProgramResult trained = run_binary(
          "train", "--config " + path("config.yaml").string() + " --output " + path(name).string() +
                       (name == "b" ? " --set embedding.space=euclidean" : ""));
      ASSERT_EQ(trained.status, 0) << trained.text;
    }
    const ProgramResult evaluated = run_binary("evaluate", "--run " + path("a").string());
    ASSERT_EQ(evaluated.status, 0) << evaluated.text;
  }
  static void TearDownTestSuite() { delete folder_; }

  static fs::path path(const std::string& name) { return folder_->path() / name; }
  static std::string run(const std::string& name) { return "--run " + path(name).string() + " "; }
  static std::string output(const std::string& name) { return "--output " + path(name).string() + " "; }
  // A folder with some of the files of run "a".
  static std::string part_of_run(const std::string& name, const std::vector<std::string>& files) {
    fs::create_directories(path(name));
    for (const std::string& file : files) {
      fs::copy_file(path("a") / file, path(name) / file, fs::copy_options::overwrite_existing);
    }
    return run(name);
  }

  static TemporaryFolder* folder_;
};

TemporaryFolder* PlotRunsTest::folder_ = nullptr;

void expect_user_error(const ProgramResult& result, const std::string& message) {
  EXPECT_EQ(result.status, 2) << result.text;
  EXPECT_THAT(result.text, HasSubstr("plot_runs: "));
  EXPECT_THAT(result.text, HasSubstr(message));
  EXPECT_EQ(std::count(result.text.begin(), result.text.end(), '\n'), 1) << result.text;
}

TEST_F(PlotRunsTest, OneRunIsDrawnIntoItsOwnFolder) {
  for (int round = 0; round < 2; ++round) {  // and drawn anew
    const ProgramResult result = run_binary("plot_runs", run("a"));
    ASSERT_EQ(result.status, 0) << result.text;
    EXPECT_THAT(result.text, Not(HasSubstr("left out")));
    for (const std::string name :
         {"loss", "loss_cross_entropy", "loss_tree_triplet", "miou_level1", "miou_level3", "miou_without_background_level1",
          "learning_rate", "gradient_norm", "confusion_level_sum_level1",
          "confusion_leaf_argmax_level3", "panels_level1", "panels_level3"}) {
      const fs::path file = path("a") / "figures" / name;
      EXPECT_THAT(result.text, HasSubstr(file.string() + ".svg\n"));
      EXPECT_GT(read_image(file.string() + ".png").size(1), 300) << name;
    }
    EXPECT_THAT(text_of(path("a/figures/miou_level1.svg")), HasSubstr(">validation, leaf_argmax<"));
  }
}

TEST_F(PlotRunsTest, RunsStandBesideEachOther) {
  const std::string both = run("a") + run("b") + "--level 2 --image 1 --image 0.png ";
  const ProgramResult result = run_binary("plot_runs", both + output("both"));
  ASSERT_EQ(result.status, 0) << result.text;
  EXPECT_THAT(result.text, HasSubstr("left out: confusion matrices of b: none in "));
  EXPECT_TRUE(fs::exists(path("both") / "a_confusion_level_sum_level2.png"));
  EXPECT_FALSE(fs::exists(path("both") / "a_confusion_level_sum_level1.png"));
  EXPECT_TRUE(fs::exists(path("both") / "panels_level2.png"));
  EXPECT_FALSE(fs::exists(path("both") / "panels_level1.png"));
  const std::string panels = text_of(path("both") / "panels_level2.svg");
  const std::vector<std::string> order = {">image<", ">a<", ">b<", ">truth<", ">1.png<", ">0.png<"};
  for (std::size_t i = 1; i < order.size(); ++i) {
    EXPECT_LT(panels.find(order[i - 1]), panels.find(order[i])) << order[i];
  }
  expect_user_error(run_binary("plot_runs", both + output("both")), "exists already");
  EXPECT_EQ(run_binary("plot_runs", both + output("both") + "--overwrite").status, 0);
}

TEST_F(PlotRunsTest, WhatARunLacksIsSaidAndTheRestIsDrawn) {
  // Neither log nor matrices.
  ProgramResult result = run_binary(
      "plot_runs", part_of_run("weights", {"config.yaml", "best.safetensors", "best.json"}) + output("o1"));
  EXPECT_EQ(result.status, 0) << result.text;
  EXPECT_THAT(result.text, HasSubstr("left out: curves of weights: "));
  EXPECT_THAT(result.text, HasSubstr("metrics.jsonl: expected a file, found none"));
  EXPECT_THAT(result.text, HasSubstr("panels_level3.png"));
  // No checkpoint; the data set is elsewhere.
  const std::string log = part_of_run("log", {"config.yaml", "metrics.jsonl"});
  result = run_binary("plot_runs", log + output("o2"));
  EXPECT_EQ(result.status, 0) << result.text;
  EXPECT_THAT(result.text, HasSubstr("left out: panels of log: "));
  EXPECT_THAT(result.text, HasSubstr("loss.svg"));
  result = run_binary("plot_runs", run("b") + output("o3") + "--set data.root=/no/such/folder");
  EXPECT_EQ(result.status, 0) << result.text;
  EXPECT_THAT(result.text, HasSubstr("left out: panels: /no/such/folder"));
  EXPECT_THAT(result.text, HasSubstr("loss.svg"));
  // Nothing at all.
  result = run_binary("plot_runs", part_of_run("empty", {"config.yaml"}) + output("o4"));
  EXPECT_EQ(result.status, 2) << result.text;
  EXPECT_THAT(result.text, HasSubstr("there is nothing to draw"));
}

// By path: in another order of nodes, and with a chain of copies for the background.
TEST_F(PlotRunsTest, ClassesAreFoundInTheTreesOfOtherRuns) {
  const std::string tree = "{body: {lower_body: {up_leg: 5, low_leg: 3}, upper_body: {head: 4, torso: 2, up_hand: 6, "
                           "low_hand: 1}}, background: 0}";
  const ProgramResult trained =
      run_binary("train", "--config " + path("config.yaml").string() + " --output " + path("c").string() +
                              " --set 'labels=' --set 'hierarchy=" + tree +
                              "' --set classifier.nodes=all --set classifier.repeat_shallow_leaves=true");
  ASSERT_EQ(trained.status, 0) << trained.text;
  ProgramResult result = run_binary("plot_runs", run("c") + run("a") + "--image 1 " + output("trees"));
  ASSERT_EQ(result.status, 0) << result.text;
  EXPECT_THAT(result.text, Not(HasSubstr("left out: panels")));
  // The same picture of run a as beside itself.
  ASSERT_EQ(run_binary("plot_runs", run("a") + run("b") + "--image 1 " + output("alike")).status, 0);
  const auto right_of_a = [&](const std::string& folder, std::size_t column) {
    const std::string panels = text_of(path(folder) / "panels_level3.svg");
    std::size_t at = 0;
    for (std::size_t i = 0; i <= column; ++i) {
      at = panels.find(" % right", at + 1);
    }
    return panels.substr(panels.rfind('>', at) + 1, at - panels.rfind('>', at) - 1);
  };
  EXPECT_EQ(right_of_a("trees", 1), right_of_a("alike", 0));
  // Classes of another name are others; a run that has no weights does not decide.
  std::string config = text_of(path("a/config.yaml"));
  for (std::size_t at = config.find("upper_body"); at != std::string::npos; at = config.find("upper_body", at + 1)) {
    config.replace(at, 10, "above_body");
  }
  fs::create_directories(path("other"));
  std::ofstream(path("other/config.yaml")) << config;
  result = run_binary("plot_runs", run("other") + run("a") + run("b") + output("after_other"));
  EXPECT_EQ(result.status, 0) << result.text;
  EXPECT_THAT(result.text, HasSubstr("left out: panels of other: "));
  EXPECT_THAT(result.text, HasSubstr("panels_level3.png"));
  EXPECT_THAT(result.text, Not(HasSubstr("its classes are not those")));
}

TEST_F(PlotRunsTest, WrongInputEndsWithStatusTwo) {
  expect_user_error(run_binary("plot_runs", ""), "expected --run DIR");
  expect_user_error(run_binary("plot_runs", run("none")), "no such run folder");
  expect_user_error(run_binary("plot_runs", run("a") + run("b")), "expected --output DIR");
  expect_user_error(run_binary("plot_runs", run("a") + run("a/") + output("x")), "given twice");
  expect_user_error(run_binary("plot_runs", run("a") + "--split tets"), "expected train | val | test, got tets");
  expect_user_error(run_binary("plot_runs", run("a") + "--samples -1"), "--samples");
  expect_user_error(run_binary("plot_runs", run("a") + run("b") + output("x") + "--checkpoint " +
                                                (path("a") / "best.safetensors").string()),
                    "--checkpoint: expected best | last where there are several runs");
  expect_user_error(run_binary("plot_runs", run("a") + "--level 0"), "--level: expected a number from 1, or all, got 0");
  expect_user_error(run_binary("plot_runs", run("a") + "--level 4"), "--level: expected a level from 1 to 3, got 4");
  expect_user_error(run_binary("plot_runs", run("a") + "--image 7"), "no image is named 7");
  expect_user_error(run_binary("plot_runs", run("a") + "--set no.such=1"), "no");
}

}  // namespace gyroseg::plot_runs_test
