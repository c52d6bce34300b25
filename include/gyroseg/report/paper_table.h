#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gyroseg/report/metrics_tables.h"
#include "gyroseg/report/published.h"
#include "gyroseg/report/run_summary.h"

namespace gyroseg {

/// A figure as a table shows it: shares in percent.
struct PaperCell {
  double value = 0;
  std::optional<double> deviation = {};  ///< sample standard deviation over several seeds
  int decimals = 2;                      ///< as printed, for published ones
  std::string place = {};                ///< table or page of a published one
  bool best = false;                     ///< of all comparable runs, where there are two or more
};

/// "miou", "2": metric and level; the level is "leaf" for the finest, "" for figures of none.
using PaperColumn = std::pair<std::string, std::string>;

/// One run, runs that differ in their seeds only, or one published model.
struct PaperRow {
  bool published = false;
  std::string name;     ///< of the run, or the published model
  std::string network;  ///< encoder, decoder, embedding; "" for published ones
  std::string loss;
  std::string decode;  ///< mode of the figures; "" for published ones
  std::string dataset;
  std::string split;
  std::string source;  ///< run folders, or what printed it
  std::string place;   ///< where it is printed; "" for runs
  int runs = 1;
  std::map<PaperColumn, PaperCell> cells;
  std::string comparable;  ///< equal for runs whose figures may be compared; "" for published ones
};

struct PaperTable {
  std::string title;
  CompareRows shown = CompareRows::levels;  ///< mIoU of the levels, or root, middle and leaf
  std::vector<PaperColumn> columns;
  std::vector<PaperRow> rows;
  std::vector<std::string> notes;      ///< plain text, one a line
  std::vector<PublishedFigure> others;  ///< of other: metrics, which have no column: listed below
};

/// Rows in the order given, our runs first. Runs of one name are one row, mean and deviation.
/// Published figures of one model are one row, or one a table or page where two print the same figure.
/// Best is marked among runs of the same data, split, tree, background, image size, resolution and
/// inference settings; what separates runs beside data and split is noted. Published rows are marked
/// nowhere: what they were measured with is not known well enough.
/// shown: mIoU of the levels, or in its place those of root_middle_leaf.h; then a published mIoU
/// without background is under their names where it is one of them, any other keeps its column.
/// Throws DataError: runs of one name that differ in more than the seed, or have one seed; two published
/// numbers of one figure, with the places of both.
[[nodiscard]] PaperTable paper_table(const std::string& title, const std::vector<RunSummary>& runs,
                                     const std::vector<PublishedFigure>& published,
                                     CompareRows shown = CompareRows::levels);

/// Best is bold, published rows are set in italics; the last column names folders and sources.
[[nodiscard]] std::string paper_markdown(const PaperTable& table);

/// A table environment for \usepackage{booktabs}; sources of published rows and all notes stand below.
[[nodiscard]] std::string paper_latex(const PaperTable& table);

/// One number a line, those of other: metrics at the end: the columns of published.csv, then std, runs
/// and best; values as the table has them, unrounded. table_or_page of our own is "run".
[[nodiscard]] std::string paper_csv(const PaperTable& table);

}  // namespace gyroseg
