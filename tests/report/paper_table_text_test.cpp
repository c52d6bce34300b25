#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "gyroseg/report/paper_table.h"
#include "support/paper_tables.h"

namespace gyroseg::paper_table_text_test {

using ::testing::HasSubstr;
using ::testing::Not;

TEST_F(PaperTables, Markdown) {
  PaperTable table = paper_table("Two", {make({"a", 0.9, 0.5}), make({"b", 0.8, 0.6})},
                                 {published_figure("M", "1", 0.75), published_figure("M", "leaf", 0.4)});
  for (PaperRow& row : table.rows) {
    row.source = local(row.source);  // before columns are aligned
  }
  EXPECT_EQ(
      paper_markdown(table),
      "# Two\n"
      "\n"
      "mIoU in percent; level 1 is the coarsest. Best of comparable runs (same data, split, tree, background, "
      "image size, resolution and inference) is bold. Published rows are what their source printed, measured on "
      "its own data in its own way: they are compared neither with ours nor with each other.\n"
      "\n"
      "| run             |                 network |               loss |    decode |          data | split |    mIoU 1 | mIoU leaf | mIoU w/o background 1 | mIoU w/o background leaf | parameters | training images/s | evaluation images/s | seeds |       source |\n"
      "| --------------- | ----------------------: | -----------------: | --------: | ------------: | ----: | --------: | --------: | --------------------: | -----------------------: | ---------: | ----------------: | ------------------: | ----: | -----------: |\n"
      "| a               | resnet18, deeplabv3plus | cross_entropy@leaf | level_sum |           toy |  test | **90.00** |     50.00 |             **45.00** |                    25.00 |       1000 |              20.0 |                40.5 |     1 |            a |\n"
      "| b               | resnet18, deeplabv3plus | cross_entropy@leaf | level_sum |           toy |  test |     80.00 | **60.00** |                 40.00 |                **30.00** |       1000 |              20.0 |                40.5 |     1 |            b |\n"
      "| *M (published)* |                       - |                  - |         - | Pascal & Part |   val |        75 |        40 |                     - |                        - |          - |                 - |                   - |     - | seed 9, p. 1 |\n"
      "\n"
      "- training images/s: the fastest stretch between two validations, on the machine of the run.\n"
      "- evaluation images/s: the network and its decoding alone, on the machine of the run.\n");
}

TEST_F(PaperTables, Latex) {
  const PaperTable table = paper_table("50 % & more", {make({"a_b", 0.9, 0.5}), make({"c", 0.8, 0.5})},
                                       {published_figure("M", "1", 0.75)});
  EXPECT_EQ(local(paper_latex(table)),
            "% \\usepackage{booktabs}\n"
            "\\begin{table}\n"
            "\\centering\n"
            "\\caption{50 \\% \\& more. mIoU in percent; level 1 is the coarsest. Best of comparable runs "
            "(same data, split, tree, background, image size, resolution and inference) is bold. Published rows "
            "are what their source printed, measured on its own data in its own way: they are compared neither "
            "with ours nor with each other.}\n"
            "\\begin{tabular}{llllrrrrrrr}\n"
            "\\toprule\n"
            "run & loss & decode & data, split & mIoU 1 & mIoU leaf & mIoU w/o background 1 & mIoU w/o background "
            "leaf & parameters & training images/s & evaluation images/s \\\\\n"
            "\\midrule\n"
            "a\\_b & cross\\_entropy@leaf & level\\_sum & toy, test & \\textbf{90.00} & \\textbf{50.00} & \\textbf{45.00} "
            "& \\textbf{25.00} & 1000 & 20.0 & 40.5 \\\\ % a_b\n"
            "c & cross\\_entropy@leaf & level\\_sum & toy, test & 80.00 & \\textbf{50.00} & 40.00 & \\textbf{25.00} & "
            "1000 & 20.0 & 40.5 \\\\ % c\n"
            "\\midrule\n"
            "\\textit{M (published)}\\textsuperscript{1} & -- & -- & Pascal \\& Part, val & 75 & -- & -- & -- & -- "
            "& -- & -- \\\\\n"
            "\\bottomrule\n"
            "\\end{tabular}\n"
            "\\par\\smallskip\n"
            "\\begin{minipage}{\\linewidth}\\footnotesize\\raggedright\n"
            "\\textsuperscript{1} seed 9, p. 1\n"
            "\n"
            "training images/s: the fastest stretch between two validations, on the machine of the run.\n"
            "\n"
            "evaluation images/s: the network and its decoding alone, on the machine of the run.\n"
            "\\end{minipage}\n"
            "\\end{table}\n");
}

TEST_F(PaperTables, LatexHasSourcesAndOtherFiguresBelow) {
  PublishedFigure second = published_figure("N", "1", 0.5);
  second.source = "a_b & c";
  PublishedFigure other = published_figure("O_1", "", 0.5);
  other.metric = "other:mIoU lost, 100 %";
  other.unit = "points";
  const std::string text = paper_latex(paper_table(
      "", {}, {published_figure("M", "1", 0.5), second, published_figure("L", "1", 0.5), other}));
  EXPECT_THAT(text, HasSubstr("\\textit{M (published)}\\textsuperscript{1} &"));
  EXPECT_THAT(text, HasSubstr("\\textit{N (published)}\\textsuperscript{2} &"));
  EXPECT_THAT(text, HasSubstr("\\textit{L (published)}\\textsuperscript{1} &"));
  EXPECT_THAT(text, HasSubstr("\n\\textsuperscript{1} seed 9, p. 1\n\n\\textsuperscript{2} a\\_b \\& c, p. 1\n\n"
                              "Published (seed 9, p. 1): O\\_1, Pascal \\& Part, val: mIoU lost, 100 \\% 0.50 points\n"
                              "\\end{minipage}"));
}

TEST_F(PaperTables, CsvHasANumberALine) {
  const std::string csv = local(paper_csv(paper_table(
      "", {make({"a_seed0", 0.5, 0.25, 0}), make({"a_seed1", 0.5, 0.75, 1})}, {published_figure("M", "2", 0.5)})));
  EXPECT_THAT(csv, HasSubstr("source,table_or_page,dataset,split,model,loss,level,metric,value,unit,std,"
                             "runs,best\n"
                             "a_seed0; a_seed1,run,toy,test,\"a: resnet18, deeplabv3plus, level_sum\","
                             "cross_entropy@leaf,1,miou,50,percent,0,2,\n"));
  // sqrt((25^2 + 25^2) / 1) = 35.35...; level 2 is the finest.
  EXPECT_THAT(csv, HasSubstr(",leaf,miou,50,percent,35.35533905932"));
  EXPECT_THAT(csv, HasSubstr("\nseed 9,p. 1,Pascal & Part,val,M,,leaf,miou,50,percent,,,\n"));
  EXPECT_THAT(csv, HasSubstr(",,training_images_per_second,20,per_second,0,2,\n"));
  EXPECT_THAT(csv, HasSubstr(",,evaluation_images_per_second,40.5,per_second,0,2,\n"));
}

TEST_F(PaperTables, CsvHasTheFiguresThatNoColumnHas) {
  PublishedFigure other = published_figure("M", "", 0.5);
  other.metric = "other:mIoU lost";
  other.unit = "points";
  PublishedFigure curve = other;
  curve.value.reset();
  PublishedFigure elsewhere = published_figure("M", "2", 0.25);
  elsewhere.table_or_page = "p. 2";
  EXPECT_EQ(paper_csv(paper_table("", {}, {other, curve, published_figure("M", "1", 0.5), elsewhere})),
            "source,table_or_page,dataset,split,model,loss,level,metric,value,unit,std,runs,best\n"
            "seed 9,p. 1,Pascal & Part,val,M,,1,miou,50,percent,,,\n"
            "seed 9,p. 2,Pascal & Part,val,M,,leaf,miou,25,percent,,,\n"
            "seed 9,p. 1,Pascal & Part,val,M,,,other:mIoU lost,0.5,points,,,\n");
}

TEST_F(PaperTables, FiguresThatNoColumnHasAreNotes) {
  PublishedFigure other = published_figure("M", "1", 5);
  other.metric = "other:cousin accuracy";
  other.unit = "points";
  PublishedFigure curve = published_figure("curve only", "1", 0);
  curve.value.reset();
  const std::string text = paper_markdown(paper_table("", {}, {other, curve}));
  EXPECT_THAT(text, HasSubstr("- Published (seed 9, p. 1): M, Pascal & Part, val: cousin accuracy at "
                              "level 1 5.00 points\n"));
  EXPECT_THAT(text, HasSubstr("*curve only (published)*"));
  EXPECT_THAT(text, Not(HasSubstr("0.00")));
}

}  // namespace gyroseg::paper_table_text_test
