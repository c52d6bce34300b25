#include "gyroseg/report/run_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include <cmath>
#include <fstream>

#include "gyroseg/data/image_io.h"
#include "support/tiny_run.h"

namespace gyroseg::run_log_test {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsNan;

// Two validations as train logs them; the second without a validation loss, and with training images.
constexpr const char* kLog =
    R"({"epoch":1.0,"step":5,"lr":0.01,"train":{"total":2.0,"tree@1":0.5},"train_std":{"total":0.25,"tree@1":0.1},)"
    R"("val":{"loss":3.0,"loss_std":0.5,"terms":{"tree@1":0.75},)"
    R"("levels":[{"level":1,"miou":0.5,"ece":null},{"level":2,"miou":0.25}],)"
    R"("modes":{"level_sum":[{"level":1,"miou":0.5},{"level":2,"miou":0.25}],)"
    R"("leaf_argmax":[{"level":1,"miou":0.4},{"level":2,"miou":0.2}]}},"best":true})"
    "\n"
    R"({"epoch":2.0,"step":10,"lr":0.005,"train":{"total":1.5,"tree@1":0.4},"train_std":{"total":0.2,"tree@1":0.1},)"
    R"("val":{"loss":null,"terms":{"tree@1":0.7},)"
    R"("levels":[{"level":1,"miou":0.6},{"level":2,"miou":null}]},)"
    R"("train_eval":{"loss":1.25,"levels":[{"level":1,"miou":0.9},{"level":2,"miou":0.8}]},"best":false})"
    "\n";

class RunLogTest : public ::testing::Test {
 protected:
  [[nodiscard]] RunLog read(const std::string& text, const std::string& name = "run") const {
    std::ofstream(file()) << text;
    return read_run_log(file(), name);
  }
  [[nodiscard]] std::string message(const std::string& text) const {
    try {
      (void)read(text);
    } catch (const DataError& error) {
      return error.what();
    }
    return "";
  }
  [[nodiscard]] std::filesystem::path file() const { return folder_.path() / "metrics.jsonl"; }

  TemporaryFolder folder_{"run_log"};
};

const Series* find(const std::vector<NamedChart>& charts, const std::string& file,
                   const std::string& name, const std::string& kind) {
  for (const NamedChart& chart : charts) {
    for (const Series& series : chart.chart.series) {
      if (chart.file == file && series.name == name && series.kind == kind) {
        return &series;
      }
    }
  }
  return nullptr;
}

TEST_F(RunLogTest, ColumnsAreTheNumbersOfTheLogAndGapsAreNan) {
  const RunLog log = read(kLog);
  EXPECT_THAT(log.epoch, ElementsAre(1, 2));
  EXPECT_THAT(log.column("lr"), ElementsAre(0.01, 0.005));
  EXPECT_THAT(log.column("train/total"), ElementsAre(2.0, 1.5));
  EXPECT_THAT(log.column("val/terms/tree@1"), ElementsAre(0.75, 0.7));
  EXPECT_THAT(log.column("val/loss"), ElementsAre(3.0, IsNan()));
  EXPECT_THAT(log.column("val/modes/leaf_argmax/2/miou"), ElementsAre(0.2, IsNan()));
  EXPECT_THAT(log.column("train_eval/levels/1/miou"), ElementsAre(IsNan(), 0.9));
  EXPECT_THAT(log.column("val/levels/1/ece"), ElementsAre(IsNan(), IsNan()));
  EXPECT_THAT(log.column("no/such/key"), ElementsAre(IsNan(), IsNan()));
}

TEST_F(RunLogTest, ALastLineThatACrashCutOffIsLeftOut) {
  EXPECT_THAT(read(std::string(kLog) + R"({"epoch":3.0,"st)").epoch, ElementsAre(1, 2));
}

TEST_F(RunLogTest, BrokenLogsAreNamedWithTheirLine) {
  EXPECT_THAT(message(std::string("{\"epoch\":1,\n") + kLog),
              HasSubstr("metrics.jsonl:1: expected a JSON object, as train writes one a validation, "
                        "found \"{\"epoch\":1,\""));
  EXPECT_THAT(message("{\"epoch\":1}\n{\"epoch\":\"two\"}\n"),
              HasSubstr("metrics.jsonl:2: expected the number epoch, found \"two\""));
  EXPECT_THAT(message("{\"step\":1}\n"), HasSubstr(":1: expected the number epoch, found none"));
  EXPECT_THAT(message(""), HasSubstr("metrics.jsonl: the file is empty"));
  EXPECT_THAT(message("{\"ep"), HasSubstr("no validation is logged yet"));
}

TEST_F(RunLogTest, OneRunHasLossesWithBandsAndAllDecodeModes) {
  const auto charts = run_charts({read(kLog)});
  std::vector<std::string> files;
  for (const NamedChart& chart : charts) {
    files.push_back(chart.file);
  }
  EXPECT_THAT(files, ElementsAre("loss", "loss_tree_1", "miou_level1", "miou_level2", "learning_rate"));

  const Series* training = find(charts, "loss", "run", "training, while learning");
  ASSERT_NE(training, nullptr);
  EXPECT_THAT(training->x, ElementsAre(1, 2));
  EXPECT_THAT(training->y, ElementsAre(2.0, 1.5));
  EXPECT_THAT(training->low, ElementsAre(1.75, 1.3));
  EXPECT_THAT(training->high, ElementsAre(2.25, 1.7));
  ASSERT_NE(find(charts, "loss", "run", "training, evaluated"), nullptr);

  const Series* argmax = find(charts, "miou_level1", "run", "validation, leaf_argmax");
  const Series* sum = find(charts, "miou_level1", "run", "validation, level_sum");
  ASSERT_NE(argmax, nullptr);
  ASSERT_NE(sum, nullptr);
  EXPECT_THAT(argmax->y, ElementsAre(0.4, IsNan()));
  EXPECT_THAT(sum->y, ElementsAre(0.5, IsNan()));
  EXPECT_EQ(charts[0].chart.x_least_step, 1);
  for (const NamedChart& chart : charts) {
    EXPECT_THAT(draw(chart.chart).document(), ::testing::Not(HasSubstr("nan"))) << chart.file;
  }
}

// Validation is solid and training dashed, and the first two kinds of every chart.
TEST_F(RunLogTest, DataSetsHaveTheSameDashInEveryChart) {
  const std::string losses = R"("loss":1,"terms":{"a":1},"levels":[{"level":1,"miou":0.5}]})";
  const std::string evaluated = "\"train_eval\":{" + losses + ",";
  const std::string rest = R"("epoch":1,"train":{"total":2,"a":1},"val":{)" + losses + "}";
  for (const bool both : {false, true}) {
    const auto charts = run_charts({read("{" + (both ? evaluated : "") + rest + "\n")});
    ASSERT_EQ(charts.size(), 3u);
    for (const NamedChart& chart : charts) {
      const std::vector<std::string>& kinds = chart.chart.kinds;
      ASSERT_GE(kinds.size(), 2u) << chart.file;
      EXPECT_EQ(kinds[0], "validation") << chart.file;
      EXPECT_EQ(kinds[1], both && chart.file != "miou_level1" ? "training, evaluated" : "training");
      EXPECT_THAT(draw(chart.chart).document(), HasSubstr(">validation<")) << chart.file;
      EXPECT_EQ(chart.chart.series.back().kind, "validation") << chart.file;  // on top
    }
  }
  const auto modes = run_charts({read(kLog)});
  EXPECT_THAT(modes[2].chart.kinds, ElementsAre("validation, leaf_argmax", "training, leaf_argmax",
                                                "validation, level_sum", "training, level_sum"));
}

// Level 2 has no background, both means are the same number there.
TEST_F(RunLogTest, MiouWithoutBackgroundHasAChartWhereItIsAnotherNumber) {
  const auto levels = [](const std::string& first) {
    return "[{\"level\":1,\"miou\":0.5,\"miou_without_background\":" + first +
           "},{\"level\":2,\"miou\":0.25,\"miou_without_background\":0.25}]";
  };
  const auto line = [&](const std::string& epoch, const std::string& sum, const std::string& argmax) {
    return "{\"epoch\":" + epoch + ",\"val\":{\"levels\":" + levels(sum) +
           ",\"modes\":{\"level_sum\":" + levels(sum) + ",\"leaf_argmax\":" + levels(argmax) +
           "}},\"train_eval\":{\"modes\":{\"level_sum\":" + levels("0.75") + "}}}\n";
  };
  const RunLog with = read(line("1", "0.375", "0.125") + line("2", "null", "0.5"), "with");
  const RunLog without = read("{\"epoch\":1,\"val\":{\"levels\":" + levels("0.5") + "}}\n", "without");
  const auto charts = run_charts({with, without});
  std::vector<std::string> files;
  for (const NamedChart& chart : charts) {
    files.push_back(chart.file);
  }
  EXPECT_THAT(files, ElementsAre("miou_level1", "miou_without_background_level1", "miou_level2"));
  EXPECT_EQ(charts[1].chart.title, "mIoU without background, level 1");
  const std::string file = "miou_without_background_level1";
  const Series* sum = find(charts, file, "with", "validation, level_sum");
  const Series* argmax = find(charts, file, "with", "validation, leaf_argmax");
  const Series* training = find(charts, file, "with", "training, level_sum");
  const Series* other = find(charts, file, "without", "validation, first decode mode");
  ASSERT_TRUE(sum != nullptr && argmax != nullptr && training != nullptr && other != nullptr);
  EXPECT_THAT(sum->y, ElementsAre(0.375, IsNan()));
  EXPECT_THAT(argmax->y, ElementsAre(0.125, 0.5));
  EXPECT_THAT(training->y, ElementsAre(0.75, 0.75));
  EXPECT_THAT(other->y, ElementsAre(0.5));
  EXPECT_EQ(charts[1].chart.kinds, charts[0].chart.kinds);
  for (const NamedChart& chart : run_charts({without})) {
    EXPECT_THAT(chart.file, ::testing::Not(HasSubstr("background")));
  }
}

// Logs of before the deviations of terms were kept have no band there.
TEST_F(RunLogTest, TermsOfOneRunHaveBands) {
  const RunLog log = read(R"({"epoch":1,"val":{"loss":3,"terms":{"a":1},"terms_std":{"a":0.25}},)"
                          R"("train_eval":{"loss":2,"terms":{"a":0.5},"terms_std":{"a":0.125}}})" "\n");
  const auto charts = run_charts({log});
  const Series* validation = find(charts, "loss_a", "run", "validation");
  const Series* training = find(charts, "loss_a", "run", "training, evaluated");
  ASSERT_TRUE(validation != nullptr && training != nullptr);
  EXPECT_THAT(validation->low, ElementsAre(0.75));
  EXPECT_THAT(validation->high, ElementsAre(1.25));
  EXPECT_THAT(training->low, ElementsAre(0.375));
  EXPECT_TRUE(find(run_charts({read(kLog)}), "loss_tree_1", "run", "validation")->low.empty());
}

TEST_F(RunLogTest, SeveralRunsStandInOneChartWithoutBands) {
  // A log of before decode modes and training images were kept, of one level, with a gradient norm.
  const RunLog old = read(
      R"({"epoch":0.5,"lr":1,"train":{"total":9,"gradient_norm":3},"train_std":{"total":1,"gradient_norm":1},)"
      R"("val":{"loss":8,"terms":{},"levels":[{"level":1,"miou":0.125}]}})" "\n", "old");
  const auto charts = run_charts({read(kLog, "new"), old});
  const Series* series = find(charts, "loss", "old", "training, while learning");
  ASSERT_NE(series, nullptr);
  EXPECT_TRUE(series->low.empty());
  EXPECT_NE(find(charts, "loss", "new", "validation"), nullptr);
  const Series* first = find(charts, "miou_level1", "old", "validation, first decode mode");
  ASSERT_NE(first, nullptr);
  EXPECT_THAT(first->y, ElementsAre(0.125));
  EXPECT_NE(find(charts, "miou_level1", "new", "validation, level_sum"), nullptr);
  EXPECT_EQ(find(charts, "miou_level1", "new", "validation, first decode mode"), nullptr);
  EXPECT_EQ(find(charts, "miou_level2", "old", "validation, first decode mode"), nullptr);
  EXPECT_NE(find(charts, "gradient_norm", "old", ""), nullptr);
  EXPECT_EQ(find(charts, "gradient_norm", "new", ""), nullptr);
  EXPECT_THROW((void)run_charts({old, old}), c10::ValueError);
  EXPECT_TRUE(run_charts({}).empty());
}

}  // namespace gyroseg::run_log_test
