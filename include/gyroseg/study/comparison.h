#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "gyroseg/metrics/student_t.h"
#include "gyroseg/study/measures.h"
#include "gyroseg/study/study.h"
#include "gyroseg/study/tuning.h"

namespace gyroseg {

/// What is kept of one measured run.
struct StudyResult {
  const StudyArm* arm = nullptr;
  std::uint64_t seed = 0;
  double lr = 0;
  std::vector<Measure> measures;
};

/// The measured runs of a plan, by what became of them.
struct StudyResults {
  std::vector<StudyResult> done;      ///< arm by arm
  std::vector<std::string> missing;   ///< names of runs that are not done
  std::vector<std::string> diverged;  ///< whose loss stayed non-finite
  std::vector<std::string> left_out;  ///< made by another config than the plan's with the tuned learning rate
};

/// Throws DataError on a broken file.
[[nodiscard]] StudyResults read_results(const TopologyPlan& plan, const std::vector<StudyArm>& arms,
                                        const TunedRates& rates, const StudyFolders& folders);

/// What a reader must know of the runs that are not among the figures; "" where all are.
[[nodiscard]] std::string completeness(const StudyResults& results);

/// Every run, every measure, every copy: run,arm,space,curvature,dim,loss,seed,lr,corruption,level,measure,value
[[nodiscard]] std::string results_csv(const std::vector<StudyResult>& results);

/// One arm at one level, over its seeds.
struct ArmFigure {
  const StudyArm* arm = nullptr;
  int level = 0;
  std::vector<std::uint64_t> seeds;      ///< those with a value
  SampleMean own;
  std::optional<SampleMean> difference;  ///< to the twin, seed by seed; nothing without common seeds. Without p
                                         ///< where the twin has a twin itself: shown, not tested
  std::optional<double> holm;            ///< of difference->p, over all rows of the table
};

/// What tables and figures call a measure: docs/compare_topologies.md defines them.
struct MeasureHeading {
  std::string heading;  ///< the measure's own name where it is not known
  std::string better;   ///< "higher is better", or ""
};
[[nodiscard]] MeasureHeading heading_of(const std::string& measure);

/// One measure on one copy of the split: what Holm's correction counts as one family.
struct ComparisonTable {
  std::string corruption;
  std::string measure;
  std::vector<ArmFigure> rows;  ///< level by level, the arms in their order
};

/// Tables in the order of the measures. Values that are undefined are left out of a row, as is a row
/// without any.
[[nodiscard]] std::vector<ComparisonTable> compare_arms(const std::vector<StudyArm>& arms,
                                                        const std::vector<StudyResult>& results);

/// One row a line: corruption, measure, level, arm, n, seeds, mean, std, twin, pairs, difference, low, high, p,
/// p_holm; unrounded.
[[nodiscard]] std::string comparison_csv(const std::vector<ComparisonTable>& tables);

/// The clean split's tables, then, at the finest level, means and differences on every copy. note: below
/// the title.
[[nodiscard]] std::string comparison_markdown(const std::string& title,
                                              const std::vector<ComparisonTable>& tables,
                                              const std::string& note = "");

/// The same, for \usepackage{booktabs,graphicx}: a table a measure, then those of the copies.
[[nodiscard]] std::string comparison_latex(const std::string& title,
                                           const std::vector<ComparisonTable>& tables,
                                           const std::string& note = "");

}  // namespace gyroseg
