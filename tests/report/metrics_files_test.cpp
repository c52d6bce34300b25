#include "gyroseg/report/metrics_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

#include "gyroseg/data/image_io.h"

namespace gyroseg::metrics_files_test {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class MetricsFiles : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / ("gyroseg_metrics_" + std::to_string(::getpid()));
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  [[nodiscard]] std::string text(const std::string& name) const {
    std::ifstream in(folder_ / name);
    std::ostringstream out;
    out << in.rdbuf();
    return out.str();
  }
  void put(const std::string& name, const std::string& content) const {
    std::ofstream(folder_ / name) << content;
  }
  [[nodiscard]] std::string message(const std::string& name) const {
    try {
      (void)read_metrics(folder_ / name);
    } catch (const DataError& error) {
      return error.what();
    }
    return "";
  }

  fs::path folder_;
};

LevelReport level_one() {
  LevelReport level;
  level.level = 1;
  level.miou = 0.75;
  level.miou_without_background = 0.5;
  level.pixel_accuracy = 0.9;
  level.mean_class_accuracy = 1.0 / 3;
  level.ece = 0.125;
  level.image_miou = ImageSpread{0.625, 0.25};
  level.classes = {{"background", 1.0, 1.0, 6, true}, {"a, \"b\"", 0.5, 0.25, 4, false}};
  level.confusion = torch::tensor({{6, 0}, {3, 1}}, torch::kInt64);
  return level;
}

TEST_F(MetricsFiles, UndecidedPixelsAreWrittenWhereThereAreAny) {
  MetricsReport report;
  report.levels = {level_one()};
  report.pixels = 12;
  write_metrics(folder_, {{"leaf_argmax", report}});
  EXPECT_EQ(text("metrics.json").find("undecided"), std::string::npos);
  report.levels[0].classes[1].pixels = 6;
  report.levels[0].classes[1].undecided = 2;
  write_metrics(folder_, {{"backoff", report}});
  EXPECT_EQ(read_metrics(folder_ / "metrics.json").levels[0].classes[1].undecided, 2);
  EXPECT_EQ(read_metrics(folder_ / "metrics.json").levels[0].classes[0].undecided, 0);
  EXPECT_EQ(text("confusion_backoff_level1.csv"),
            "truth \\ prediction,background,\"a, \"\"b\"\"\",(undecided)\n"
            "background,6,0,0\n"
            "\"a, \"\"b\"\"\",3,1,2\n");
  EXPECT_THAT(text("metrics.md"), HasSubstr("undecided at level 1: "));
}

// Two levels; the second is undefined throughout but for its names.
MetricsReport small_report() {
  MetricsReport report;
  report.levels = {level_one(), LevelReport()};
  report.levels[1].level = 2;
  report.levels[1].classes = {{"background", {}, {}, 0, true}, {"c", {}, {}, 0, false}};
  report.levels[1].confusion = torch::zeros({2, 2}, torch::kInt64);
  report.consistency_violations = 0.0;
  report.pixels = 10;
  return report;
}

TEST_F(MetricsFiles, JsonHasTheDocumentedForm) {
  MetricsReport other = small_report();
  other.levels[0].miou = 0.25;
  write_metrics(folder_, {{"level_sum", small_report()}, {"leaf_argmax", other}},
                {{"split", "test"}});
  const auto json = nlohmann::json::parse(text("metrics.json"));
  EXPECT_EQ(json.at("decode"), "level_sum");
  EXPECT_EQ(json.at("split"), "test");
  EXPECT_EQ(json.at("levels").size(), 2u);
  const auto& level = json.at("levels").at(0);
  EXPECT_EQ(level.at("level"), 1);
  EXPECT_EQ(level.at("miou"), 0.75);
  EXPECT_EQ(level.at("miou_without_background"), 0.5);
  EXPECT_EQ(level.at("pixel_accuracy"), 0.9);
  EXPECT_EQ(level.at("mean_class_accuracy"), 1.0 / 3);
  EXPECT_EQ(level.at("ece"), 0.125);
  EXPECT_EQ(level.at("image_miou"), 0.625);
  EXPECT_EQ(level.at("image_miou_std"), 0.25);
  EXPECT_TRUE(level.at("image_pixel_accuracy").is_null());
  EXPECT_EQ(level.at("classes").at(1).at("name"), "a, \"b\"");
  EXPECT_EQ(level.at("classes").at(1).at("iou"), 0.5);
  EXPECT_EQ(level.at("classes").at(1).at("pixels"), 4);
  EXPECT_TRUE(json.at("levels").at(1).at("miou").is_null());
  EXPECT_TRUE(json.at("levels").at(1).at("classes").at(0).at("iou").is_null());
  EXPECT_TRUE(json.at("tree_distance_of_errors").is_null());
  EXPECT_EQ(json.at("consistency_violations"), 0.0);
  EXPECT_EQ(json.at("modes").at("leaf_argmax").at("levels").at(0).at("miou"), 0.25);
  EXPECT_EQ(json.at("modes").at("level_sum").at("levels"), json.at("levels"));
}

TEST_F(MetricsFiles, WhatIsNotANumberBecomesNull) {
  MetricsReport report = small_report();
  report.levels[0].ece = std::nan("");
  write_metrics(folder_, {{"level_sum", report}});
  EXPECT_TRUE(nlohmann::json::parse(text("metrics.json"))["levels"][0]["ece"].is_null());
}

TEST_F(MetricsFiles, ReadsBackWhatItWrote) {
  write_metrics(folder_, {{"level_sum", small_report()}});
  const MetricsReport report = read_metrics(folder_ / "metrics.json");
  ASSERT_EQ(report.levels.size(), 2u);
  EXPECT_EQ(report.levels[0].miou, 0.75);
  EXPECT_EQ(report.levels[0].mean_class_accuracy, 1.0 / 3);
  ASSERT_TRUE(report.levels[0].image_miou.has_value());
  EXPECT_EQ(report.levels[0].image_miou->mean, 0.625);
  EXPECT_EQ(report.levels[0].image_miou->deviation, 0.25);
  EXPECT_FALSE(report.levels[0].image_pixel_accuracy.has_value());
  EXPECT_EQ(report.levels[0].classes[1].name, "a, \"b\"");
  EXPECT_EQ(report.levels[0].classes[1].accuracy, 0.25);
  EXPECT_TRUE(report.levels[0].classes[0].is_background);
  EXPECT_EQ(report.levels[1].miou, std::nullopt);
  EXPECT_EQ(report.consistency_violations, 0.0);
  EXPECT_EQ(report.tree_distance_of_errors, std::nullopt);
  EXPECT_EQ(report.pixels, 10);
}

TEST_F(MetricsFiles, TheContextComesBack) {
  write_metrics(folder_, {{"level_sum", small_report()}}, {{"split", "val"}, {"parameters", "12"}});
  const StoredEvaluation stored = read_evaluation(folder_ / "metrics.json");
  EXPECT_EQ(stored.mode, "level_sum");
  EXPECT_EQ(stored.context.at("split"), "val");
  EXPECT_EQ(stored.context.at("parameters"), "12");
  EXPECT_FALSE(stored.context.contains("levels"));
  put("half.json", R"({"levels": [{"level": 1,)");
  EXPECT_THROW((void)read_evaluation(folder_ / "half.json"), DataError);
}

TEST_F(MetricsFiles, CsvFilesQuoteNamesAndLeaveUndefinedEmpty) {
  write_metrics(folder_, {{"level_sum", small_report()}});
  const std::string csv = text("metrics.csv");
  EXPECT_THAT(csv, HasSubstr("level_sum,1,background,background,6,1,1,,,\n"));
  EXPECT_THAT(csv, HasSubstr("level_sum,1,class,\"a, \"\"b\"\"\",4,0.5,0.25,,,\n"));
  EXPECT_THAT(csv, HasSubstr("level_sum,1,level,,10,0.75,0.33333333333333331,0.5,"
                             "0.90000000000000002,0.125\n"));
  EXPECT_THAT(csv, HasSubstr("level_sum,2,level,,0,,,,,\n"));
  EXPECT_EQ(
      text("confusion_level_sum_level1.csv"),
      "truth \\ prediction,background,\"a, \"\"b\"\"\"\nbackground,6,0\n\"a, \"\"b\"\"\",3,1\n");
}

TEST_F(MetricsFiles, MarkdownHoldsContextAndTables) {
  write_metrics(folder_, {{"level_sum", small_report()}, {"path_sum", small_report()}},
                {{"split", "val"}});
  const std::string markdown = text("metrics.md");
  EXPECT_THAT(markdown, HasSubstr("- split: val\n"));
  EXPECT_THAT(markdown, HasSubstr("## decode: path_sum\n"));
  EXPECT_THAT(markdown, HasSubstr("| 0.7500 |"));
}

TEST_F(MetricsFiles, NothingTemporaryStays) {
  write_metrics(folder_, {{"level_sum", small_report()}});
  write_metrics(folder_, {{"level_sum", small_report()}});
  int files = 0;
  for (const auto& entry : fs::directory_iterator(folder_)) {
    EXPECT_EQ(entry.path().string().find(".tmp"), std::string::npos);
    ++files;
  }
  EXPECT_EQ(files, 5);
}

TEST_F(MetricsFiles, WrongCallsAreRefused) {
  EXPECT_THROW(write_metrics(folder_, {}), c10::ValueError);
  EXPECT_THROW(write_metrics(folder_, {{"level_sum", small_report()}}, {{"levels", "3"}}),
               c10::ValueError);
  EXPECT_THROW(write_metrics(folder_ / "none", {{"level_sum", small_report()}}), DataError);
}

TEST_F(MetricsFiles, BrokenFilesAreNamedInOneLine) {
  EXPECT_THAT(message("metrics.json"), HasSubstr("metrics.json: expected a file, found none"));
  put("half.json", R"({"levels": [{"level": 1,)");
  EXPECT_THAT(message("half.json"), HasSubstr("half.json: expected JSON, broken at byte 25 of 24"));
  put("list.json", "[1, 2]");
  EXPECT_THAT(message("list.json"), HasSubstr("expected the key levels, found none"));
  put("type.json", R"({"levels": [{"level": 1, "miou": "high"}]})");
  EXPECT_THAT(message("type.json"),
              HasSubstr("levels[0].miou: expected a number or null, found \"high\""));
  put("order.json", R"({"levels": 3})");
  EXPECT_THAT(message("order.json"), HasSubstr("levels: expected a list, found number"));
  for (const char* name : {"half.json", "list.json", "type.json", "order.json"}) {
    EXPECT_EQ(message(name).find('\n'), std::string::npos);
    EXPECT_THAT(message(name), HasSubstr("; write the file anew with evaluate"));
  }
}

TEST(MetricsTables, LevelTable) {
  EXPECT_EQ(
      level_table(small_report()),
      "level  classes    mIoU  mIoU w/o background  pixel accuracy  mean class accuracy     ECE\n"
      "-----  -------  ------  -------------------  --------------  -------------------  ------\n"
      "1            2  0.7500               0.5000          0.9000               0.3333  0.1250\n"
      "2            2       -                    -               -                    -       -\n"
      "\n"
      "mean tree distance of errors: -\n"
      "consistency violations: 0.0000 of 10 pixels\n"
      "mIoU of an image by itself, mean +- standard deviation: level 1 0.6250 +- 0.2500\n");
}

TEST(MetricsTables, ClassTableStarsTheBackground) {
  EXPECT_EQ(class_table(small_report()),
            "class         level     IoU  accuracy  pixels\n"
            "------------  -----  ------  --------  ------\n"
            "background *      1  1.0000    1.0000       6\n"
            "a, \"b\"            1  0.5000    0.2500       4\n"
            "background *      2       -         -       0\n"
            "c                 2       -         -       0\n"
            "\n"
            "* left out of mIoU without background\n");
}

TEST(MetricsTables, CompareTablePutsRunsSideBySide) {
  MetricsReport shorter = small_report();
  shorter.levels.pop_back();
  shorter.levels[0].miou = 0.125;
  EXPECT_EQ(compare_table({{"euclidean", small_report()}, {"poincare", shorter}}),
            "mIoU                                     euclidean  poincare\n"
            "---------------------------------------  ---------  --------\n"
            "level 1 (2 classes)                         0.7500    0.1250\n"
            "level 1 (2 classes), without background     0.5000    0.5000\n"
            "level 2 (2 classes)                              -         -\n"
            "level 2 (2 classes), without background          -         -\n");
}

// The middle is the mean of two of its three levels: the third has no figure.
TEST(MetricsTables, CompareTableOfRootMiddleAndLeafWithWhatIsKnownOfTheRuns) {
  MetricsReport deep = small_report();
  for (const double miou : {0.25, 0.75, 0.125}) {
    deep.levels.push_back(level_one());
    deep.levels.back().miou_without_background = miou;
  }
  const MetricsReport two_levels = small_report();
  EXPECT_EQ(compare_table({{"deep", deep, {{"split", "test"}, {"parameters", "1234"}}}, {"two", two_levels, {}}},
                          TableStyle::text, CompareRows::root_middle_leaf),
            "mIoU               deep     two\n"
            "---------------  ------  ------\n"
            "mean root IoU    0.5000  0.5000\n"
            "mean middle IoU  0.5000       -\n"
            "mean leaf IoU    0.1250       -\n"
            "parameters         1234       -\n");
}

TEST(MetricsTables, CompareTableWithoutABackgroundHasOneRowALevel) {
  MetricsReport report = small_report();
  for (LevelReport& level : report.levels) {
    level.classes[0].is_background = false;
  }
  EXPECT_EQ(compare_table({{"a|b", report}}, TableStyle::markdown),
            "| mIoU                |   a\\|b |\n"
            "| ------------------- | -----: |\n"
            "| level 1 (2 classes) | 0.7500 |\n"
            "| level 2 (2 classes) |      - |\n");
}

}  // namespace gyroseg::metrics_files_test
