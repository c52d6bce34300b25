#include "gyroseg/study/comparison.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "gyroseg/study/study_charts.h"

namespace gyroseg::comparison_test {

using ::testing::HasSubstr;
using ::testing::Not;

/// Euclid and the ball in two dimensions each, and a baseline beside them.
struct Study {
  std::vector<StudyArm> arms = {{"euclidean_d2", "euclidean", "", 2, "", "", {}},
                                {"poincare_c1_d2", "poincare", "1", 2, "", "euclidean_d2", {}},
                                {"euclidean_d16", "euclidean", "", 16, "", "", {}},
                                {"poincare_c1_d16", "poincare", "1", 16, "", "euclidean_d16", {}},
                                {"flat", "", "", 0, "", "", {}}};
  std::vector<StudyResult> results;

  void add(int arm, std::uint64_t seed, double miou, double blurred) {
    results.push_back({&arms[arm], seed, 0.01,
                       {{"none", 1, "miou", miou + 0.1},
                        {"none", 2, "miou", miou},
                        {"none", 0, "tree_distance_of_errors", std::nullopt},
                        {"blur1", 2, "miou", blurred}}});
  }
};

// The sleep data of tests/metrics/student_t_test.cpp, shifted and scaled into shares: the interval and p are
// scipy's, stats.ttest_rel.
Study sleep_study() {
  Study s;
  const double a[] = {0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0};
  const double b[] = {1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4};
  for (int i = 0; i < 10; ++i) {
    s.add(0, i, 0.5 + 0.01 * b[i], 0.4);
    s.add(1, i, 0.5 + 0.01 * a[i], 0.4 + 0.01 * i);
  }
  s.add(2, 0, 0.6, 0.5);
  s.add(3, 0, 0.7, 0.5);
  s.add(4, 3, 0.8, 0.2);
  return s;
}

const ArmFigure& row_of(const ComparisonTable& table, const std::string& arm, int level) {
  for (const ArmFigure& row : table.rows) {
    if (row.arm->name == arm && row.level == level) {
      return row;
    }
  }
  throw std::out_of_range(arm);
}

TEST(Comparison, PairsOfSeedsAgainstTheTwin) {
  const Study s = sleep_study();
  const std::vector<ComparisonTable> tables = compare_arms(s.arms, s.results);
  ASSERT_EQ(tables.size(), 3U);
  EXPECT_EQ(tables[0].measure, "miou");
  EXPECT_EQ(tables[0].corruption, "none");
  ASSERT_EQ(tables[0].rows.size(), 10U);
  const ArmFigure& row = row_of(tables[0], "poincare_c1_d2", 2);
  EXPECT_EQ(row.own.n, 10);
  EXPECT_NEAR(row.difference->mean, -0.0158, 1e-14);
  EXPECT_NEAR(row.difference->low.value(), -0.02459885763276983, 1e-12);
  EXPECT_NEAR(row.difference->high.value(), -0.007001142367230175, 1e-12);
  EXPECT_NEAR(row.difference->p.value(), 0.002832890197384273, 1e-10);
  // Two comparisons with a p in this table, levels 1 and 2, of one p.
  EXPECT_NEAR(row.holm.value(), 2 * 0.002832890197384273, 1e-10);
  const ArmFigure& single = row_of(tables[0], "poincare_c1_d16", 2);
  EXPECT_NEAR(single.difference->mean, 0.1, 1e-12);
  EXPECT_FALSE(single.difference->low || single.difference->p || single.holm || single.own.deviation);
  EXPECT_FALSE(row_of(tables[0], "flat", 1).difference);
  EXPECT_TRUE(tables[1].rows.empty());  // undefined throughout
}

TEST(Comparison, ARowBesideAComparedOneIsShownNotTested) {
  Study s;
  s.arms.push_back({"lorentz_d2", "", "", 0, "", "poincare_c1_d2", {}});
  s.arms[4].twin = "euclidean_d2";  // flat
  for (std::uint64_t seed = 0; seed < 3; ++seed) {
    const double noise = 0.01 * static_cast<double>(seed * seed);
    s.add(0, seed, 0.5, 0.5);
    s.add(1, seed, 0.6 + noise, 0.5);
    s.add(4, seed, 0.7 - noise, 0.5);
    s.add(5, seed, 0.6 + 2 * noise, 0.5);
  }
  const std::vector<ComparisonTable> tables = compare_arms(s.arms, s.results);
  const ArmFigure& shown = row_of(tables[0], "lorentz_d2", 2);
  EXPECT_TRUE(shown.difference->low);
  EXPECT_FALSE(shown.difference->p || shown.holm);
  // Two levels of two arms are tested: Holm multiplies the smallest p of four by four.
  double least = 1;
  double least_holm = 1;
  for (const ArmFigure& row : tables[0].rows) {
    if (row.holm) {
      least = std::min(least, *row.difference->p);
      least_holm = std::min(least_holm, *row.holm);
    }
  }
  EXPECT_NEAR(least_holm, 4 * least, 1e-12);
  const std::string markdown = comparison_markdown("", tables, "A note.");
  EXPECT_THAT(markdown, HasSubstr("not tested.\n\nA note.\n"));
  EXPECT_THAT(markdown, HasSubstr("Difference to the twin, 95 % interval:"));
}

TEST(Comparison, SeedsWithoutACounterpartAreNoPair) {
  Study s;
  s.add(0, 0, 0.5, 0);
  s.add(0, 1, 0.6, 0);
  s.add(1, 1, 0.7, 0);
  s.add(1, 2, 0.1, 0);
  s.add(3, 0, 0.1, 0);
  const ComparisonTable table = compare_arms(s.arms, s.results)[0];
  const ArmFigure& row = row_of(table, "poincare_c1_d2", 2);
  EXPECT_EQ(row.own.n, 2);
  EXPECT_EQ(row.difference->n, 1);
  EXPECT_NEAR(row.difference->mean, 0.1, 1e-12);
  EXPECT_FALSE(row_of(table, "poincare_c1_d16", 2).difference);
}

TEST(Comparison, Texts) {
  const Study s = sleep_study();
  const std::vector<ComparisonTable> tables = compare_arms(s.arms, s.results);
  const std::string markdown = comparison_markdown("A title", tables);
  EXPECT_THAT(markdown, HasSubstr("# A title\n"));
  EXPECT_THAT(markdown, HasSubstr("[-0.0246, -0.0070] | 0.003 |  0.006 |"));
  EXPECT_THAT(markdown, HasSubstr("0 1 2 3 4 5 6 7 8 9"));
  EXPECT_THAT(markdown, HasSubstr("## Under shift"));
  EXPECT_THAT(markdown, HasSubstr("0.4450 +- 0.0303"));  // 0.4 + 0.01 i: deviation sqrt(110/12)/100
  EXPECT_THAT(markdown, HasSubstr("\nUndefined in every run: Mean tree distance of errors.\n"));
  const std::string latex = comparison_latex("A title", tables, "A note.");
  EXPECT_THAT(latex, HasSubstr("\\noindent A note."));
  EXPECT_THAT(latex, HasSubstr("0.4450 $\\pm$ 0.0303"));
  EXPECT_THAT(latex, HasSubstr("\\toprule"));
  EXPECT_THAT(latex, HasSubstr("poincare\\_c1\\_d2 & 2 & 10 & 0 1 2"));
  EXPECT_THAT(latex, HasSubstr("95 \\% interval"));
  const std::string csv = comparison_csv(tables);
  std::istringstream lines(csv);
  int count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    EXPECT_EQ(std::count(line.begin(), line.end(), ','), 14) << line;
  }
  EXPECT_EQ(count, 1 + 10 + 5);
  EXPECT_THAT(results_csv(s.results),
              HasSubstr("poincare_c1_d16_seed0,poincare_c1_d16,poincare,1,16,,0,0.01,none,2,miou,0.69999999999999996\n"));
}

TEST(Comparison, ChartsHaveALineASpaceAndABand) {
  const Study s = sleep_study();
  const std::vector<NamedChart> charts = study_charts(compare_arms(s.arms, s.results));
  ASSERT_EQ(charts.size(), 4U);
  EXPECT_EQ(charts[2].file, "miou_level2");
  const LineChart& chart = charts[2].chart;
  EXPECT_EQ(chart.x_ticks, (std::vector<double>{2, 16}));
  ASSERT_EQ(chart.series.size(), 3U);
  EXPECT_EQ(chart.series[1].name, "poincare, c = 1");
  EXPECT_EQ(chart.series[1].x, (std::vector<double>{2, 16}));
  EXPECT_LT(chart.series[1].low[0], chart.series[1].y[0]);
  EXPECT_TRUE(std::isnan(chart.series[1].low[1]));  // one seed
  EXPECT_EQ(chart.series[2].name, "flat");
  EXPECT_EQ(chart.series[2].y, (std::vector<double>{0.8, 0.8}));
  EXPECT_NO_THROW((void)draw(chart));
  EXPECT_EQ(charts[3].file, "miou_level2_difference");
  const LineChart& differences = charts[3].chart;
  ASSERT_EQ(differences.series.size(), 1U);
  EXPECT_EQ(differences.names, chart.names);  // one colour a space in both
  EXPECT_EQ(differences.series[0].name, "poincare, c = 1");
  EXPECT_NEAR(differences.series[0].y[0], -0.0158, 1e-14);
  EXPECT_NEAR(differences.series[0].low[0], -0.02459885763276983, 1e-12);
  EXPECT_NO_THROW((void)draw(differences));
}

}  // namespace gyroseg::comparison_test
