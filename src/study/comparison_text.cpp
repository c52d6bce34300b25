#include <algorithm>
#include <cmath>
#include <cstdio>
#include <functional>
#include <map>

#include "gyroseg/report/csv.h"
#include "gyroseg/report/latex.h"
#include "gyroseg/report/text_table.h"
#include "gyroseg/study/comparison.h"

namespace gyroseg {
namespace {

const std::string kClean = "none";

std::string fixed(double value, const char* format = "%.4f") {
  char text[48];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

std::string interval_cell(double low, double high) {
  char text[96];
  std::snprintf(text, sizeof text, "[%+.4f, %+.4f]", low, high);
  return text;
}

std::string p_cell(const std::optional<double>& p) {
  if (!p) {
    return "-";
  }
  return *p < 0.001 ? "<0.001" : fixed(*p, "%.3f");
}

// "0 1 2 3 4"
std::string seed_list(const std::vector<std::uint64_t>& seeds) {
  std::string text;
  for (const std::uint64_t seed : seeds) {
    text += text.empty() ? "" : " ";
    text += std::to_string(seed);
  }
  return text;
}

const std::vector<std::string>& comparison_columns() {
  static const std::vector<std::string> columns = {
      "arm", "level", "n", "seeds", "mean", "std", "twin", "pairs", "difference", "95 % interval", "p", "p Holm"};
  return columns;
}

std::vector<std::string> comparison_cells(const ArmFigure& row) {
  std::vector<std::string> cells = {row.arm->name, row.level > 0 ? std::to_string(row.level) : "-",
                                    std::to_string(row.own.n), seed_list(row.seeds), fixed(row.own.mean),
                                    row.own.deviation ? fixed(*row.own.deviation) : "-"};
  if (!row.difference) {
    cells.insert(cells.end(), {"-", "-", "-", "-", "-", "-"});
    return cells;
  }
  const SampleMean& d = *row.difference;
  cells.insert(cells.end(), {row.arm->twin, std::to_string(d.n), fixed(d.mean, "%+.4f"),
                             d.low ? interval_cell(*d.low, *d.high) : "-",
                             p_cell(d.p), p_cell(row.holm)});
  return cells;
}

int finest_level(const ComparisonTable& table) {
  int finest = 0;
  for (const ArmFigure& row : table.rows) {
    finest = std::max(finest, row.level);
  }
  return finest;
}

// At the finest level, a row an arm, a column a copy of the split. "" where no cell says anything.
std::string shift_rows(const std::vector<const ComparisonTable*>& copies,
                       const std::function<std::string(const ArmFigure&)>& cell) {
  std::vector<std::string> header = {"arm"};
  std::vector<std::string> arms;
  std::map<std::string, std::map<std::string, std::string>> cells;
  for (const ComparisonTable* table : copies) {
    header.push_back(table->corruption == kClean ? "clean" : table->corruption);
    for (const ArmFigure& row : table->rows) {
      const std::string text = row.level == finest_level(*table) ? cell(row) : "";
      if (text.empty()) {
        continue;
      }
      if (std::find(arms.begin(), arms.end(), row.arm->name) == arms.end()) {
        arms.push_back(row.arm->name);
      }
      cells[row.arm->name][header.back()] = text;
    }
  }
  TextTable table(header);
  for (const std::string& arm : arms) {
    std::vector<std::string> line = {arm};
    for (std::size_t i = 1; i < header.size(); ++i) {
      const auto found = cells[arm].find(header[i]);
      line.push_back(found == cells[arm].end() ? "-" : found->second);
    }
    table.add(line);
  }
  return arms.empty() ? "" : table.markdown();
}

// Means over the seeds, then differences to the twins.
std::string shift_table(const std::string& measure, const std::vector<const ComparisonTable*>& copies) {
  const std::string heading = heading_of(measure).heading;
  const std::string differences = shift_rows(copies, [](const ArmFigure& row) -> std::string {
    if (!row.difference || !row.difference->low) {
      return "";
    }
    return fixed(row.difference->mean, "%+.4f") + " " + interval_cell(*row.difference->low, *row.difference->high);
  });
  return "\n### " + heading + "\n\n" + shift_rows(copies, [](const ArmFigure& row) {
           return fixed(row.own.mean) + (row.own.deviation ? " +- " + fixed(*row.own.deviation) : "");
         }) +
         (differences.empty() ? "" : "\nDifference to the twin, 95 % interval:\n\n" + differences);
}

std::string with_better(const MeasureHeading& name) {
  return name.heading + (name.better.empty() ? "" : " (" + name.better + ")");
}

}  // namespace

MeasureHeading heading_of(const std::string& measure) {
  static const std::map<std::string, MeasureHeading> names = {
      {"miou", {"mIoU", "higher is better"}},
      {"miou_without_background", {"mIoU without background", "higher is better"}},
      {"pixel_accuracy", {"Pixel accuracy", "higher is better"}},
      {"ece", {"Expected calibration error", "lower is better"}},
      {"classwise_ece", {"Class-wise expected calibration error", "lower is better"}},
      {"auroc_max_probability", {"AUROC of the maximum probability for errors", "higher is better"}},
      {"auroc_radius", {"AUROC of the radius for errors", "higher is better, 0.5 tells nothing"}},
      {"radius_error_correlation", {"Rank correlation of radius and error", ""}},
      {"radius_depth_correlation", {"Rank correlation of radius and depth, pixels", ""}},
      {"prototype_nodes", {"Nodes with a class prototype", ""}},
      {"prototype_radius_depth", {"Rank correlation of radius and depth, class prototypes", ""}},
      {"tree_distance_of_errors", {"Mean tree distance of errors", "lower is better"}},
      {"consistency_violations", {"Consistency violations", "lower is better"}},
      {"prototype_distortion", {"Average distortion of class prototypes", "lower is better"}},
      {"prototype_worst_distortion", {"Worst-case distortion of class prototypes", "lower is better"}},
      {"prototype_map", {"MAP of class prototypes", "higher is better"}},
      {"prototype_delta", {"Relative delta-hyperbolicity of class prototypes", "0 is a tree"}}};
  const auto found = names.find(measure);
  return found == names.end() ? MeasureHeading{measure, ""} : found->second;
}

std::string comparison_csv(const std::vector<ComparisonTable>& tables) {
  std::string text =
      "corruption,measure,level,arm,n,seeds,mean,std,twin,pairs,difference,low,high,p,p_holm\n";
  for (const ComparisonTable& table : tables) {
    for (const ArmFigure& row : table.rows) {
      const SampleMean d = row.difference.value_or(SampleMean{});
      text += table.corruption + "," + table.measure + "," +
              (row.level > 0 ? std::to_string(row.level) : "") + "," + row.arm->name + "," +
              std::to_string(row.own.n) + "," + seed_list(row.seeds) + "," +
              csv_cell(std::optional(row.own.mean)) + "," + csv_cell(row.own.deviation) + "," +
              (row.difference ? row.arm->twin + "," + std::to_string(d.n) + "," +
                                    csv_cell(std::optional(d.mean))
                              : ",,") +
              "," + csv_cell(d.low) + "," + csv_cell(d.high) + "," + csv_cell(d.p) + "," +
              csv_cell(row.holm) + "\n";
    }
  }
  return text;
}

std::string comparison_markdown(const std::string& title, const std::vector<ComparisonTable>& tables,
                                const std::string& note) {
  std::string text =
      "# " + title + "\n\nLevel 1 is the coarsest. n counts the runs, one a seed; std is the sample standard "
      "deviation over them. The difference is that to the twin (the reference's space, all else equal), "
      "seed by seed, with the paired Student-t 95 % interval; p is two-sided, p Holm is corrected for all "
      "the comparisons of its table. A single pair has no interval; a row whose twin has a twin itself is "
      "shown, not tested.\n" + (note.empty() ? "" : "\n" + note + "\n");
  std::vector<std::string> measures;
  std::map<std::string, std::vector<const ComparisonTable*>> copies;
  for (const ComparisonTable& table : tables) {
    if (table.rows.empty()) {
      continue;
    }
    if (!copies.contains(table.measure)) {
      measures.push_back(table.measure);
    }
    copies[table.measure].push_back(&table);
    if (table.corruption != kClean) {
      continue;
    }
    TextTable rows(comparison_columns());
    for (const ArmFigure& row : table.rows) {
      rows.add(comparison_cells(row));
    }
    text += "\n## " + with_better(heading_of(table.measure)) + "\n\n" + rows.markdown();
  }
  std::string shifts;
  for (const std::string& measure : measures) {
    shifts += copies[measure].size() > 1 ? shift_table(measure, copies[measure]) : "";
  }
  if (!shifts.empty()) {
    text += "\n## Under shift\n\nMean +- standard deviation over the seeds at the finest level; other "
            "levels and p values are in statistics.csv.\n" + shifts;
  }
  return text;
}

std::string comparison_latex(const std::string& title, const std::vector<ComparisonTable>& tables) {
  std::string text;
  for (const ComparisonTable& table : tables) {
    if (table.corruption != kClean || table.rows.empty()) {
      continue;
    }
    text += "\\begin{table}\n\\centering\n\\small\n\\caption{" +
            latex_escaped(title + ": " + with_better(heading_of(table.measure))) +
            ". Paired Student-$t$ intervals of the difference to the twin; $p$ corrected by Holm over the "
            "table.}\n\\begin{tabular}{lrrlrrlrrlrr}\n\\toprule\n";
    const auto add = [&](const std::vector<std::string>& cells) {
      std::string line;
      for (const std::string& cell : cells) {
        line += (line.empty() ? "" : " & ") + latex_escaped(cell);
      }
      text += line + " \\\\\n";
    };
    add(comparison_columns());
    text += "\\midrule\n";
    for (const ArmFigure& row : table.rows) {
      add(comparison_cells(row));
    }
    text += "\\bottomrule\n\\end{tabular}\n\\end{table}\n\n";
  }
  return text;
}

}  // namespace gyroseg
