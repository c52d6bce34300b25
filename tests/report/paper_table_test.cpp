#include "gyroseg/report/paper_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "gyroseg/data/image_io.h"
#include "support/paper_tables.h"

namespace gyroseg::paper_table_test {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

TEST_F(PaperTables, LossesAreNamedWithTheirFocusingExponent) {
  MadeRun run{"focal", 0.9, 0.5};
  run.set = "loss=[{name: focal, gamma: 2, level: leaf}, {name: cross_entropy, level: 1}]";
  const PaperTable table = paper_table("", {make(run)}, {});
  EXPECT_EQ(table.rows.front().loss, "focal@leaf (gamma 2) + cross_entropy@1");
}

// 88, 90, 92: mean 90, standard deviation 2 (n - 1); 60, 61, 65: 62 and sqrt(7).
TEST_F(PaperTables, SeedsBecomeMeanAndDeviation) {
  const PaperTable table = paper_table(
      "Seeds", {make({"a_seed0", 0.88, 0.60, 0}), make({"a_seed1", 0.90, 0.61, 1}),
                make({"a-seed2", 0.92, 0.65, 2})},
      {});
  ASSERT_EQ(table.rows.size(), 1U);
  EXPECT_EQ(table.rows[0].name, "a");
  EXPECT_EQ(table.rows[0].runs, 3);
  EXPECT_EQ(local(table.rows[0].source), "a_seed0; a_seed1; a-seed2");
  EXPECT_THAT(paper_markdown(table), HasSubstr("| 90.00 +- 2.00 | 62.00 +- 2.65 |"));
  EXPECT_THAT(paper_latex(table), HasSubstr("& 90.00 $\\pm$ 2.00 & 62.00 $\\pm$ 2.65 &"));
  EXPECT_FALSE(table.rows[0].cells.at({"miou", "1"}).best);  // nothing to compare it with
}

TEST_F(PaperTables, RunsOfOneNameMustDifferInTheSeedOnly) {
  const auto message = [&](const MadeRun& other) {
    try {
      (void)paper_table("", {make({"a_seed0", 0.9, 0.5, 0}), make(other)}, {});
    } catch (const DataError& error) {
      return local(error.what());
    }
    return std::string();
  };
  EXPECT_EQ(message({"a_seed1", 0.9, 0.5, 1}), "");
  EXPECT_EQ(message({"a_seed1", 0.9, 0.5, 0}),
            "a_seed0 and a_seed1 share the name a, and have one seed, 0; a mean is over different seeds");
  const char* differ =
      "a_seed0 and a_seed1 share the name a, but differ in more than their seed (diff their config.yaml, and "
      "split, resolution, inference and corruption in metrics.json); give their folders different names";
  EXPECT_EQ(message({"a_seed1", 0.9, 0.5, 1, "test", "training.epochs=3"}), differ);
  EXPECT_EQ(message({"a_seed1", 0.9, 0.5, 1, "val"}), differ);
}

TEST_F(PaperTables, OfThreeRunsTheTwoOfOneSeedAreNamed) {
  const std::vector<RunSummary> runs = {make({"a_seed0", 0.9, 0.5, 0}), make({"a_seed1", 0.9, 0.5, 7}),
                                        make({"a_seed2", 0.9, 0.5, 7})};
  try {
    (void)paper_table("", runs, {});
    FAIL() << "expected DataError";
  } catch (const DataError& error) {
    EXPECT_EQ(local(error.what()),
              "a_seed1 and a_seed2 share the name a, and have one seed, 7; a mean is over different seeds");
  }
}

TEST_F(PaperTables, OnlyComparableRunsCompete) {
  const auto against = [&](const MadeRun& b) {
    return bold_rows(paper_table("", {make({"a", 0.5, 0.5}), make(b)}, {}));
  };
  const auto set = [](const std::string& override) {
    return MadeRun{"b", 0.9, 0.5, 0, "test", override};
  };
  const auto measured = [&](const std::string& key, const std::string& value) {
    MadeRun run{"b", 0.9, 0.5};
    run.context[key] = value;
    return run;
  };
  EXPECT_EQ(against({"b", 0.9, 0.5}), "b");
  EXPECT_EQ(against({"b", 0.5, 0.5}), "ab");
  EXPECT_EQ(against({"b", 0.9, 0.5, 0, "val"}), "");
  EXPECT_EQ(against(set("data.root=other")), "");
  EXPECT_EQ(against(set("data.image_size=[9,9]")), "");
  EXPECT_EQ(against(measured("resolution", "original")), "");
  EXPECT_EQ(against(measured("inference.scales", "[0.5,1]")), "");
  EXPECT_EQ(against(measured("inference.flip", "true")), "");
  EXPECT_EQ(against(measured("inference.scales", "[1]")), "b");  // what an earlier version did not write
  EXPECT_EQ(against(measured("corruption", "noise2")), "");
  MadeRun with_background{"b", 0.9, 0.5};
  with_background.background = true;
  EXPECT_EQ(against(with_background), "");
}

// Copies are no classes of their own, and neither order nor mask values make others.
TEST_F(PaperTables, TreesOfTheSameClassesAreComparable) {
  const auto against = [&](const std::string& override) {
    return bold_rows(paper_table("", {make({"a", 0.5, 0.5}), make({"b", 0.9, 0.5, 0, "test", override})}, {}));
  };
  EXPECT_EQ(against("classifier={nodes: all, repeat_shallow_leaves: true}"), "b");
  EXPECT_EQ(against("hierarchy={body: {torso: 2, head: 1}, background: 0}"), "b");
  EXPECT_EQ(against("hierarchy={background: 7, body: {head: 2, torso: 1}}"), "b");
  EXPECT_EQ(against("hierarchy={background: 0, body: {head: 1, legs: 2}}"), "");
  EXPECT_EQ(against("hierarchy={background: 0, person: {head: 1, torso: 2}}"), "");
  EXPECT_EQ(against("hierarchy={background: 0, head: 1, body: {torso: 2}}"), "");
}

TEST_F(PaperTables, WhatSeparatesRunsAndHasNoColumnIsNoted) {
  const MadeRun b{"b", 0.9, 0.5, 0, "val", "hierarchy={background: 0, body: {head: 1}}"};
  MadeRun c{"c_seed0", 0.9, 0.5, 0, "val", "data.image_size=[9,11]"};
  c.context = {{"resolution", "original"}, {"inference.window", "[8,8]"}, {"inference.stride", "[5,5]"}};
  MadeRun d = c;
  d.name = "c_seed1";
  d.seed = 1;
  const PaperTable table = paper_table("", {make({"a", 0.5, 0.5}), make(b), make(c), make(d)}, {});
  EXPECT_THAT(table.notes,
              ElementsAre("Runs differ in tree: 3 leaves in 2 levels (a, c); 2 leaves in 2 levels (b).",
                          "Runs differ in image size: 128 x 128 (a, b); 9 x 11 (c).",
                          "Runs differ in resolution: resized (a, b); original (c).",
                          "Runs differ in inference: window null, scales [1], flip false (a, b); window [8,8] "
                          "by [5,5], scales [1], flip false (c).",
                          HasSubstr("training images/s"), HasSubstr("evaluation images/s")));
}

// Of four levels: root 45, middle the mean of 25 and 10, leaf 30.
TEST_F(PaperTables, RootMiddleAndLeafInPlaceOfTheLevels) {
  RunSummary run = make({"a", 0.9, 0.5});
  for (const double share : {0.1, 0.3}) {
    LevelReport level = run.evaluation.report.levels.back();
    ++level.level;
    level.miou_without_background = share;
    run.evaluation.report.levels.push_back(level);
  }
  PublishedFigure root = published_figure("M", "1", 0.4);
  root.metric = "miou_without_background";
  PublishedFigure between = root;
  between.level = "2";
  const PaperTable table =
      paper_table("", {run}, {root, between, published_figure("M", "1", 0.75)}, CompareRows::root_middle_leaf);
  EXPECT_THAT(table.columns, ElementsAre(PaperColumn{"mean_root_iou", ""}, PaperColumn{"mean_middle_iou", ""},
                                         PaperColumn{"mean_leaf_iou", ""}, PaperColumn{"miou", "1"},
                                         PaperColumn{"miou_without_background", "2"}, PaperColumn{"parameters", ""},
                                         PaperColumn{"training_images_per_second", ""},
                                         PaperColumn{"evaluation_images_per_second", ""}));
  const std::string text = paper_markdown(table);
  EXPECT_THAT(text, HasSubstr("| mean root IoU | mean middle IoU | mean leaf IoU | mIoU 1 | mIoU w/o background 2 |"));
  EXPECT_THAT(text, HasSubstr("|         45.00 |           17.50 |         30.00 |  90.00 |                 25.00 |"));
  EXPECT_THAT(text, HasSubstr("|            40 |               - |             - |     75 |                    40 |"));
  EXPECT_THAT(text, HasSubstr("Mean root IoU is mIoU without background of level 1"));
  EXPECT_THAT(paper_csv(table), HasSubstr(",,mean_middle_iou,17.5,percent,,1,\n"));
  // Of three levels, the middle is a published one too.
  run.evaluation.report.levels.pop_back();
  EXPECT_THAT(paper_markdown(paper_table("", {run}, {root, between}, CompareRows::root_middle_leaf)),
              HasSubstr("|            40 |              40 |             - |"));
}

TEST_F(PaperTables, RootMiddleAndLeafAreBoldToo) {
  const PaperTable table = paper_table("", {make({"a", 0.9, 0.5}), make({"b", 0.8, 0.6})}, {},
                                       CompareRows::root_middle_leaf);
  EXPECT_TRUE(table.rows[0].cells.at({"mean_root_iou", ""}).best);
  EXPECT_TRUE(table.rows[1].cells.at({"mean_leaf_iou", ""}).best);
  EXPECT_FALSE(table.rows[0].cells.at({"evaluation_images_per_second", ""}).best);
}

TEST_F(PaperTables, ARunFolderWithoutItsFilesIsRefused) {
  (void)make({"a", 0.5, 0.5});
  EXPECT_THROW((void)read_run_summary(folder_.path() / "a", "path_sum"), DataError);
  EXPECT_EQ(read_run_summary(folder_.path() / "a" / "").name, "a");
  std::filesystem::remove(folder_.path() / "a" / "config.yaml");
  EXPECT_THROW((void)read_run_summary(folder_.path() / "a"), ConfigError);
  std::filesystem::remove(folder_.path() / "a" / "metrics.json");
  EXPECT_THROW((void)read_run_summary(folder_.path() / "a"), DataError);
}

TEST_F(PaperTables, ARunFolderOfAnEarlierVersionHasNoEvaluationSpeed) {
  const RunSummary now = make({"a", 0.5, 0.5});
  EXPECT_EQ(now.training_images_per_second, 20);
  EXPECT_EQ(now.evaluation_images_per_second, 40.5);
  write_metrics(now.folder, {{"level_sum", now.evaluation.report}}, {{"split", "test"}});
  const RunSummary earlier = read_run_summary(now.folder);
  EXPECT_EQ(earlier.evaluation_images_per_second, std::nullopt);
  EXPECT_THAT(paper_markdown(paper_table("", {earlier}, {})), Not(HasSubstr("evaluation images/s")));
  // Nor does it say how it was measured: in the one way that there was.
  EXPECT_EQ(bold_rows(paper_table("", {earlier, make({"b", 0.9, 0.5})}, {})), "b");
}

}  // namespace gyroseg::paper_table_test
