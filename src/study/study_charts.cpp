#include "gyroseg/study/study_charts.h"

#include <algorithm>
#include <cmath>
#include <set>

namespace gyroseg {
namespace {

std::string series_name(const StudyArm& arm) {
  if (arm.space.empty()) {
    return arm.name;
  }
  return arm.curvature.empty()       ? arm.space
         : arm.curvature == "learned" ? arm.space + ", learned c"
                                      : arm.space + ", c = " + arm.curvature;
}

// An arm beside the grid that is shown beside a compared one belongs to its dimension: no level line.
bool is_variant(const ComparisonTable& table, const StudyArm& arm) {
  return arm.dim == 0 && !arm.twin.empty() &&
         std::any_of(table.rows.begin(), table.rows.end(), [&](const ArmFigure& row) {
           return row.arm->name == arm.twin && !row.arm->twin.empty();
         });
}

// Of all tables, so that every chart gives a space the same colour.
std::vector<std::string> all_names(const std::vector<ComparisonTable>& tables) {
  std::vector<std::string> names;
  for (const ComparisonTable& table : tables) {
    for (const ArmFigure& row : table.rows) {
      if (!is_variant(table, *row.arm) &&
          std::find(names.begin(), names.end(), series_name(*row.arm)) == names.end()) {
        names.push_back(series_name(*row.arm));
      }
    }
  }
  return names;
}

Series& series_of(std::vector<Series>& all, const StudyArm& arm) {
  const auto found = std::find_if(all.begin(), all.end(), [&](const Series& s) {
    return s.name == series_name(arm) && s.kind == arm.loss;
  });
  if (found != all.end()) {
    return *found;
  }
  all.push_back({series_name(arm), arm.loss, {}, {}, {}, {}});
  return all.back();
}

void add_point(Series& series, double x, const SampleMean& figure, bool band) {
  const double none = std::nan("");
  series.x.push_back(x);
  series.y.push_back(figure.mean);
  series.low.push_back(band ? figure.low.value_or(none) : none);
  series.high.push_back(band ? figure.high.value_or(none) : none);
}

// By dimension, as the arms of a space may come in any order.
void sort_by_x(Series& series) {
  std::vector<std::size_t> order(series.x.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    order[i] = i;
  }
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return series.x[a] < series.x[b]; });
  Series sorted{series.name, series.kind, {}, {}, {}, {}};
  for (const std::size_t i : order) {
    sorted.x.push_back(series.x[i]);
    sorted.y.push_back(series.y[i]);
    sorted.low.push_back(series.low[i]);
    sorted.high.push_back(series.high[i]);
  }
  series = sorted;
}

// The figures themselves. Arms beside the grid are level lines.
LineChart means_of(const ComparisonTable& table, int level, const std::set<double>& dims, LineChart chart) {
  for (const ArmFigure& row : table.rows) {
    if (row.level != level || is_variant(table, *row.arm)) {
      continue;
    }
    Series& series = series_of(chart.series, *row.arm);
    if (row.arm->dim > 0) {
      add_point(series, row.arm->dim, row.own, /*band=*/true);
    } else {
      for (const double dim : dims) {
        add_point(series, dim, row.own, /*band=*/false);
      }
    }
  }
  std::for_each(chart.series.begin(), chart.series.end(), sort_by_x);
  return chart;
}

// What the statistics are of: the differences to the twins, seed by seed.
LineChart differences_of(const ComparisonTable& table, int level, LineChart chart) {
  chart.title += ": difference to the twin";
  for (const ArmFigure& row : table.rows) {
    if (row.level == level && row.arm->dim > 0 && row.difference) {
      add_point(series_of(chart.series, *row.arm), row.arm->dim, *row.difference, /*band=*/true);
    }
  }
  std::for_each(chart.series.begin(), chart.series.end(), sort_by_x);
  return chart;
}

}  // namespace

std::vector<NamedChart> study_charts(const std::vector<ComparisonTable>& tables) {
  const std::vector<std::string> names = all_names(tables);
  std::vector<NamedChart> charts;
  for (const ComparisonTable& table : tables) {
    std::set<int> levels;
    std::set<double> dims;
    for (const ArmFigure& row : table.rows) {
      levels.insert(row.level);
      if (row.arm->dim > 0) {
        dims.insert(row.arm->dim);
      }
    }
    if (table.corruption != "none" || dims.size() < 2 || table.measure == "prototype_nodes") {
      continue;
    }
    for (const int level : levels) {
      LineChart chart;
      chart.title = heading_of(table.measure).heading;
      if (level > 0) {
        chart.title += ", level " + std::to_string(level);
      }
      chart.x_title = "dimension of the embedding";
      chart.names = names;
      chart.x_ticks = {dims.begin(), dims.end()};
      const std::string file = table.measure + (level > 0 ? "_level" + std::to_string(level) : "");
      charts.push_back({file, means_of(table, level, dims, chart)});
      LineChart differences = differences_of(table, level, chart);
      if (!differences.series.empty()) {
        charts.push_back({file + "_difference", differences});
      }
    }
  }
  return charts;
}

}  // namespace gyroseg
