#include "gyroseg/report/paper_table.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <set>

#include "gyroseg/report/root_middle_leaf.h"
#include "paper_rows.h"
#include "run_conditions.h"

namespace gyroseg {
namespace {

constexpr const char* kSizesAndSpeeds[] = {"parameters", "training_images_per_second",
                                           "evaluation_images_per_second"};

bool is_size_or_speed(const PaperColumn& column) {
  return std::find(std::begin(kSizesAndSpeeds), std::end(kSizesAndSpeeds), column.first) !=
         std::end(kSizesAndSpeeds);
}

// Of the deepest run, or the highest number of a published level.
int levels_of(const std::vector<RunSummary>& runs, const std::vector<PublishedFigure>& published) {
  int num_levels = 1;
  for (const RunSummary& run : runs) {
    num_levels = std::max(num_levels, static_cast<int>(run.evaluation.report.levels.size()));
  }
  for (const PublishedFigure& figure : published) {
    if (!figure.level.empty() && figure.level != "leaf") {
      num_levels = std::max(num_levels, figure.level[0] - '0');
    }
  }
  return num_levels;
}

// Both mIoUs, and whatever else is published, at every level that any row has; or root, middle and leaf,
// and what is published beside them.
std::vector<PaperColumn> columns_of(const PaperTable& table, int num_levels) {
  std::set<PaperColumn> any;
  std::set<PaperColumn> published;
  std::set<std::string> metrics = {"miou", "miou_without_background"};
  for (const PaperRow& row : table.rows) {
    for (const auto& [column, cell] : row.cells) {
      any.insert(column);
      if (row.published) {
        published.insert(column);
        metrics.insert(column.first);
      }
    }
  }
  std::vector<PaperColumn> columns;
  const auto add = [&](const std::set<PaperColumn>& wanted, const std::string& metric,
                       const std::string& level) {
    if (wanted.contains({metric, level})) {
      columns.emplace_back(metric, level);
    }
  };
  const bool places = table.shown == CompareRows::root_middle_leaf;
  for (const PlaceFigure& figure : root_middle_leaf()) {
    if (places) {
      add(any, figure.metric, "");
    }
  }
  for (const std::string& metric : level_metrics()) {
    for (int k = 1; k <= num_levels && metrics.contains(metric); ++k) {
      add(places ? published : any, metric, k == num_levels ? "leaf" : std::to_string(k));
    }
  }
  for (const char* metric : kSizesAndSpeeds) {
    add(any, metric, "");
  }
  return columns;
}

// Marks the best of comparable runs; equal ones all, one alone not.
void mark_best(PaperTable& table) {
  for (const PaperColumn& column : table.columns) {
    if (is_size_or_speed(column)) {
      continue;  // neither many parameters nor few are better, and speeds are those of a moment
    }
    const double sign = column.first == "ece" ? -1 : 1;
    std::map<std::string, std::vector<PaperCell*>> groups;
    for (PaperRow& row : table.rows) {
      if (const auto found = row.cells.find(column); !row.published && found != row.cells.end()) {
        groups[row.comparable].push_back(&found->second);
      }
    }
    for (const auto& [key, cells] : groups) {
      double best = -INFINITY;
      for (const PaperCell* cell : cells) {
        best = std::max(best, sign * cell->value);
      }
      for (PaperCell* cell : cells) {
        cell->best = cells.size() > 1 && sign * cell->value >= best - 1e-9;
      }
    }
  }
}

}  // namespace

PaperTable paper_table(const std::string& title, const std::vector<RunSummary>& runs,
                       const std::vector<PublishedFigure>& published, CompareRows shown) {
  const int num_levels = levels_of(runs, published);
  PaperTable table;
  table.title = title;
  table.shown = shown;
  table.rows = run_rows(runs);
  const std::vector<PaperRow> of_others = published_rows(published, num_levels, shown);
  table.rows.insert(table.rows.end(), of_others.begin(), of_others.end());
  table.columns = columns_of(table, num_levels);
  table.notes = condition_notes(runs);
  const auto has = [&table](const char* metric) {
    return std::any_of(table.rows.begin(), table.rows.end(), [metric](const PaperRow& row) {
      return !row.published && row.cells.contains({metric, ""});
    });
  };
  if (has("training_images_per_second")) {
    table.notes.emplace_back(
        "training images/s: the fastest stretch between two validations, on the machine of the run.");
  }
  if (has("evaluation_images_per_second")) {
    table.notes.emplace_back(
        "evaluation images/s: the network and its decoding alone, on the machine of the run.");
  }
  std::copy_if(published.begin(), published.end(), std::back_inserter(table.others),
               [](const PublishedFigure& figure) { return figure.metric.starts_with("other:"); });
  mark_best(table);
  return table;
}

}  // namespace gyroseg
