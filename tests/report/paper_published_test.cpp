#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "gyroseg/data/image_io.h"
#include "gyroseg/report/paper_table.h"
#include "support/paper_tables.h"

namespace gyroseg::paper_published_test {

using ::testing::HasSubstr;
using ::testing::Not;

// Scales, flips and crops of a published model are words in its name at best.
TEST_F(PaperTables, PublishedRowsAreNeverBold) {
  const RunSummary a = make({"a", 0.5, 0.5});
  EXPECT_EQ(bold_rows(paper_table("", {a}, {published_figure("M", "1", 0.9)})), "");
  const std::vector<PublishedFigure> both = {published_figure("M", "1", 0.7), published_figure("N", "1", 0.8)};
  EXPECT_EQ(bold_rows(paper_table("", {a}, both)), "");
  const std::string text = paper_markdown(paper_table("", {}, both));
  EXPECT_THAT(text, Not(HasSubstr("**")));
  EXPECT_THAT(text, Not(HasSubstr("bold")));
}

TEST_F(PaperTables, TwoPlacesOfOneFigureAreTwoRows) {
  PublishedFigure second = published_figure("M", "1", 0.6);
  second.table_or_page = "Table 2";
  const PaperTable apart =
      paper_table("", {}, {published_figure("M", "1", 0.5), second, published_figure("M", "2", 0.4)});
  ASSERT_EQ(apart.rows.size(), 2U);
  EXPECT_EQ(apart.rows[0].place, "p. 1");
  EXPECT_EQ(apart.rows[0].cells.at({"miou", "1"}).value, 50);
  EXPECT_EQ(apart.rows[0].cells.at({"miou", "leaf"}).value, 40);
  EXPECT_EQ(apart.rows[1].place, "Table 2");
  EXPECT_EQ(apart.rows[1].cells.at({"miou", "1"}).value, 60);
  EXPECT_THAT(paper_markdown(apart), HasSubstr("| seed 9, Table 2 |\n"));
  // Where each prints its own figures, they are one.
  second.level = "2";
  const PaperTable together = paper_table("", {}, {published_figure("M", "1", 0.5), second});
  ASSERT_EQ(together.rows.size(), 1U);
  EXPECT_EQ(together.rows[0].place, "p. 1; Table 2");
}

TEST_F(PaperTables, TwoNumbersOfOneFigureAreRefused) {
  const auto message = [](PublishedFigure second) {
    PublishedFigure first = published_figure("M", "leaf", 0.07);
    first.place = "p.csv:2";
    second.place = "q.csv:3";
    try {
      (void)paper_table("", {}, {published_figure("of two levels", "2", 0.5), first, second});
    } catch (const DataError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_EQ(message(published_figure("M", "2", 0.08)),
            "q.csv:3: level: 2 and the leaf of p.csv:2 are one level, the finest of the table's 2; keep one of "
            "them, or write the number of the leaves' level in place of leaf where the source has more levels");
  EXPECT_EQ(message(published_figure("M", "leaf", 0.08)),
            "q.csv:3: value: a second number of what p.csv:2 gives");
  EXPECT_EQ(message(published_figure("N", "2", 0.08)), "");
  PublishedFigure curve = published_figure("M", "2", 0);
  curve.value.reset();
  EXPECT_EQ(message(curve), "");
}

TEST_F(PaperTables, APublishedSpeedIsThatOfEvaluation) {
  PublishedFigure speed = published_figure("M", "", 12);
  speed.metric = "images_per_second";
  speed.unit = "per_second";
  EXPECT_EQ(paper_table("", {}, {speed}).rows[0].cells.at({"evaluation_images_per_second", ""}).value, 12);
}

}  // namespace gyroseg::paper_published_test
