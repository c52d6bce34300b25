#include "gyroseg/report/paper_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "gyroseg/config/read.h"
#include "gyroseg/data/image_io.h"
#include "support/tiny_run.h"

namespace gyroseg::paper_table_test {

using ::testing::HasSubstr;
using ::testing::Not;

/// A run of two levels, as train and evaluate leave it; shares of levels 1 and 2.
struct MadeRun {
  std::string name;
  double coarse;
  double fine;
  int seed = 0;
  std::string split = "test";
  std::string set = "model.encoder=resnet18";  ///< one override
};

class PaperTables : public ::testing::Test {
 protected:
  PaperTables() : folder_("paper_tables") {}

  RunSummary make(const MadeRun& run) {
    const std::filesystem::path folder = folder_.path() / run.name;
    std::filesystem::create_directories(folder);
    std::ofstream(folder_.path() / "c.yaml")
        << "hierarchy: {background: 0, body: {head: 1, torso: 2}}\ndata: {root: toy}\n";
    const Config config = read_config(folder_.path() / "c.yaml",
                                      {"seed=" + std::to_string(run.seed), "name=" + run.name, run.set});
    std::ofstream(folder / "config.yaml") << write_config(config);
    std::ofstream(folder / "metrics.jsonl")
        << "{\"step\":10,\"train_seconds\":4,\"parameters\":1000}\n"
           "{\"step\":20,\"train_seconds\":6,\"parameters\":1000}\n"
           "{\"step\":30,\"train_sec";  // cut off: does not count
    MetricsReport report;
    for (const auto& [level, share] : {std::pair{1, run.coarse}, std::pair{2, run.fine}}) {
      LevelReport figures;
      figures.level = level;
      figures.miou = share;
      figures.miou_without_background = share / 2;
      report.levels.push_back(figures);
    }
    write_metrics(folder, {{"level_sum", report}}, {{"split", run.split}, {"resolution", "resized"}});
    return read_run_summary(folder);
  }
  /// The text without the temporary folder's name.
  std::string local(std::string text) const {
    const std::string folder = folder_.path().string() + "/";
    for (std::size_t at; (at = text.find(folder)) != std::string::npos;) {
      text.erase(at, folder.size());
    }
    return text;
  }

  TemporaryFolder folder_;
};

PublishedFigure published(const std::string& model, const std::string& level, double value) {
  return {"seed 9", "p. 1", "Pascal & Part", "val", model, "", level, "miou", value, 2, "share"};
}

TEST_F(PaperTables, Markdown) {
  PaperTable table = paper_table("Two", {make({"a", 0.9, 0.5}), make({"b", 0.8, 0.6})},
                                 {published("M", "1", 0.75), published("M", "leaf", 0.4)});
  for (PaperRow& row : table.rows) {
    row.source = local(row.source);  // before columns are aligned
  }
  EXPECT_EQ(
      paper_markdown(table),
      "# Two\n"
      "\n"
      "mIoU in percent; level 1 is the coarsest. Best of comparable rows (same data, split and "
      "image size) is bold. Published rows are what their source printed, on its own data: they are "
      "not compared with ours.\n"
      "\n"
      "| run             |                 network |               loss |    decode |          data | split |    mIoU 1 | mIoU leaf | mIoU w/o background 1 | mIoU w/o background leaf | parameters | images/s | seeds |       source |\n"
      "| --------------- | ----------------------: | -----------------: | --------: | ------------: | ----: | --------: | --------: | --------------------: | -----------------------: | ---------: | -------: | ----: | -----------: |\n"
      "| a               | resnet18, deeplabv3plus | cross_entropy@leaf | level_sum |           toy |  test | **90.00** |     50.00 |             **45.00** |                    25.00 |       1000 |     20.0 |     1 |            a |\n"
      "| b               | resnet18, deeplabv3plus | cross_entropy@leaf | level_sum |           toy |  test |     80.00 | **60.00** |                 40.00 |                **30.00** |       1000 |     20.0 |     1 |            b |\n"
      "| *M (published)* |                       - |                  - |         - | Pascal & Part |   val |        75 |        40 |                     - |                        - |          - |        - |     - | seed 9, p. 1 |\n"
      "\n"
      "- images/s is the speed of training in the fastest stretch between two validations, on the "
      "machine of the run.\n");
}

// 88, 90, 92: mean 90, standard deviation 2 (n - 1); 60, 61, 65: 62 and sqrt(7).
TEST_F(PaperTables, LossesAreNamedWithTheirFocusingExponent) {
  MadeRun run{"focal", 0.9, 0.5};
  run.set = "loss=[{name: focal, gamma: 2, level: leaf}, {name: cross_entropy, level: 1}]";
  const PaperTable table = paper_table("", {make(run)}, {});
  EXPECT_EQ(table.rows.front().loss, "focal@leaf (gamma 2) + cross_entropy@1");
}

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
      "a_seed0 and a_seed1 share the name a, but differ in more than their seed (diff their "
      "config.yaml, and split and resolution in metrics.json); give their folders different names";
  EXPECT_EQ(message({"a_seed1", 0.9, 0.5, 1, "test", "training.epochs=3"}), differ);
  EXPECT_EQ(message({"a_seed1", 0.9, 0.5, 1, "val"}), differ);
}

TEST_F(PaperTables, OnlyComparableRowsCompete) {
  const auto best = [](const PaperTable& table) {
    std::string names;
    for (const PaperRow& row : table.rows) {
      const auto cell = row.cells.find({"miou", "1"});
      names += cell != row.cells.end() && cell->second.best ? row.name : "";
    }
    return names;
  };
  const MadeRun a{"a", 0.5, 0.5};
  EXPECT_EQ(best(paper_table("", {make(a), make({"b", 0.9, 0.5})}, {})), "b");
  EXPECT_EQ(best(paper_table("", {make(a), make({"b", 0.5, 0.5})}, {})), "ab");
  EXPECT_EQ(best(paper_table("", {make(a), make({"b", 0.9, 0.5, 0, "val"})}, {})), "");
  EXPECT_EQ(best(paper_table("", {make(a), make({"b", 0.9, 0.5, 0, "test", "data.root=other"})}, {})), "");
  EXPECT_EQ(best(paper_table("", {make(a), make({"b", 0.9, 0.5, 0, "test", "data.image_size=[9,9]"})}, {})),
            "");
  // Published figures compete with each other, on one data set and split, never with runs.
  EXPECT_EQ(best(paper_table("", {make(a)}, {published("M", "1", 0.9)})), "");
  EXPECT_EQ(best(paper_table("", {make(a)}, {published("M", "1", 0.7), published("N", "1", 0.8)})), "N");
  PublishedFigure elsewhere = published("N", "1", 0.8);
  elsewhere.split = "test";
  EXPECT_EQ(best(paper_table("", {}, {published("M", "1", 0.7), elsewhere})), "");
  PublishedFigure vague = published("M", "1", 0.7);
  vague.split = "not stated";
  PublishedFigure vague_elsewhere = vague;
  vague_elsewhere.source = "seed 8";
  EXPECT_EQ(best(paper_table("", {}, {vague, vague_elsewhere})), "");
}

TEST_F(PaperTables, Latex) {
  const PaperTable table = paper_table("50 % & more", {make({"a_b", 0.9, 0.5}), make({"c", 0.8, 0.5})},
                                       {published("M", "1", 0.75)});
  EXPECT_EQ(local(paper_latex(table)),
            "% \\usepackage{booktabs}\n"
            "\\begin{table}\n"
            "\\centering\n"
            "\\caption{50 \\% \\& more. mIoU in percent; level 1 is the coarsest. Best of comparable rows "
            "(same data, split and image size) is bold. Published rows are what their source "
            "printed, on its own data: they are not compared with ours.}\n"
            "\\begin{tabular}{llllrrrrrr}\n"
            "\\toprule\n"
            "run & loss & decode & data, split & mIoU 1 & mIoU leaf & mIoU w/o background 1 & mIoU w/o background "
            "leaf & parameters & images/s \\\\\n"
            "\\midrule\n"
            "a\\_b & cross\\_entropy@leaf & level\\_sum & toy, test & \\textbf{90.00} & \\textbf{50.00} & \\textbf{45.00} "
            "& \\textbf{25.00} & 1000 & 20.0 \\\\ % a_b\n"
            "c & cross\\_entropy@leaf & level\\_sum & toy, test & 80.00 & \\textbf{50.00} & 40.00 & \\textbf{25.00} & "
            "1000 & 20.0 \\\\ % c\n"
            "\\midrule\n"
            "\\textit{M (published)} & -- & -- & Pascal \\& Part, val & 75 & -- & -- & -- & -- & -- \\\\ % "
            "seed 9, p. 1\n"
            "\\bottomrule\n"
            "\\end{tabular}\n"
            "\\end{table}\n");
}

TEST_F(PaperTables, CsvHasANumberALine) {
  const std::string csv = local(paper_csv(paper_table(
      "", {make({"a_seed0", 0.5, 0.25, 0}), make({"a_seed1", 0.5, 0.75, 1})}, {published("M", "2", 0.5)})));
  EXPECT_THAT(csv, HasSubstr("source,table_or_page,dataset,split,model,loss,level,metric,value,unit,std,"
                             "runs,best\n"
                             "a_seed0; a_seed1,run,toy,test,\"a: resnet18, deeplabv3plus, level_sum\","
                             "cross_entropy@leaf,1,miou,50,percent,0,2,\n"));
  // sqrt((25^2 + 25^2) / 1) = 35.35...; level 2 is the finest.
  EXPECT_THAT(csv, HasSubstr(",leaf,miou,50,percent,35.35533905932"));
  EXPECT_THAT(csv, HasSubstr("\"seed 9, p. 1\",published,Pascal & Part,val,M,,leaf,miou,50,percent,,,\n"));
}

TEST_F(PaperTables, FiguresThatNoColumnHasAreNotes) {
  PublishedFigure other = published("M", "1", 5);
  other.metric = "other:cousin accuracy";
  other.unit = "points";
  PublishedFigure curve = published("curve only", "1", 0);
  curve.value.reset();
  const std::string text = paper_markdown(paper_table("", {}, {other, curve}));
  EXPECT_THAT(text, HasSubstr("- Published (seed 9, p. 1): M, Pascal & Part, val: cousin accuracy at "
                              "level 1 5 points\n"));
  EXPECT_THAT(text, HasSubstr("*curve only (published)*"));
  EXPECT_THAT(text, Not(HasSubstr("0.00")));
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

}  // namespace gyroseg::paper_table_test
