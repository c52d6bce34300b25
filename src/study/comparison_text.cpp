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

const std::vector<std::string> kComparisonColumns = {
    "arm", "level", "n", "seeds", "mean", "std", "twin", "pairs", "difference", "95 % interval", "p", "p Holm"};

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

// At the finest level, a row an arm, a column a copy of the split. Nothing where no cell says anything.
std::optional<TextTable> shift_rows(const std::vector<const ComparisonTable*>& copies,
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
  return arms.empty() ? std::nullopt : std::optional(table);
}

// Where other runs were measured than on the first copy, the clean one.
std::string other_n(const ArmFigure& row, const std::vector<const ComparisonTable*>& copies) {
  for (const ArmFigure& clean : copies.front()->rows) {
    if (clean.arm == row.arm && clean.level == row.level && clean.seeds == row.seeds) {
      return "";
    }
  }
  return " (n = " + std::to_string(row.own.n) + ")";
}

std::string with_better(const MeasureHeading& name) {
  return name.heading + (name.better.empty() ? "" : " (" + name.better + ")");
}

// The tables of one measure.
struct MeasureTables {
  MeasureHeading heading;
  std::optional<TextTable> clean;
  std::optional<TextTable> means;        ///< on every copy
  std::optional<TextTable> differences;  ///< to the twins, on every copy
};

std::vector<MeasureTables> measure_tables(const std::vector<ComparisonTable>& tables) {
  std::vector<std::string> measures;
  std::map<std::string, std::vector<const ComparisonTable*>> copies;
  for (const ComparisonTable& table : tables) {
    if (!copies.contains(table.measure)) {
      measures.push_back(table.measure);
    }
    copies[table.measure].push_back(&table);
  }
  std::vector<MeasureTables> result;
  for (const std::string& measure : measures) {
    const std::vector<const ComparisonTable*>& all = copies[measure];
    MeasureTables texts{heading_of(measure), {}, {}, {}};
    if (all.front()->corruption == kClean && !all.front()->rows.empty()) {
      texts.clean.emplace(kComparisonColumns);
      for (const ArmFigure& row : all.front()->rows) {
        texts.clean->add(comparison_cells(row));
      }
    }
    if (all.size() > 1) {
      texts.means = shift_rows(all, [&](const ArmFigure& row) {
        return fixed(row.own.mean) + (row.own.deviation ? " +- " + fixed(*row.own.deviation) : "") +
               other_n(row, all);
      });
      texts.differences = shift_rows(all, [](const ArmFigure& row) -> std::string {
        if (!row.difference || !row.difference->low) {
          return "";
        }
        return fixed(row.difference->mean, "%+.4f") + " " +
               interval_cell(*row.difference->low, *row.difference->high);
      });
    }
    result.push_back(std::move(texts));
  }
  return result;
}

// Of the clean split's.
std::string undefined_everywhere(const std::vector<MeasureTables>& all) {
  std::string names;
  for (const MeasureTables& measure : all) {
    if (!measure.clean) {
      names.append(names.empty() ? "" : ", ").append(measure.heading.heading);
    }
  }
  return names.empty() ? "" : "Undefined in every run: " + names + ".";
}

constexpr const char* kShiftCaption =
    "Mean +- standard deviation over the seeds at the finest level; other levels and p values are in "
    "statistics.csv.";
constexpr const char* kDifferenceCaption = "Difference to the twin, 95 % interval";

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
      "the comparisons of its table. A single pair has no interval, nor have equal differences; a row whose twin has a twin itself is "
      "shown, not tested.\n" + (note.empty() ? "" : "\n" + note + "\n");
  const std::vector<MeasureTables> all = measure_tables(tables);
  const std::string undefined = undefined_everywhere(all);
  if (!undefined.empty()) {
    text.append("\n").append(undefined).append("\n");
  }
  std::string shifts;
  for (const MeasureTables& measure : all) {
    if (measure.clean) {
      text += "\n## " + with_better(measure.heading) + "\n\n" + measure.clean->markdown();
    }
    if (measure.means) {
      shifts += "\n### " + measure.heading.heading + "\n\n" + measure.means->markdown();
    }
    if (measure.differences) {
      shifts.append("\n").append(kDifferenceCaption).append(":\n\n").append(measure.differences->markdown());
    }
  }
  if (!shifts.empty()) {
    text += "\n## Under shift\n\n" + std::string(kShiftCaption) + "\n" + shifts;
  }
  return text;
}

std::string comparison_latex(const std::string& title, const std::vector<ComparisonTable>& tables,
                             const std::string& note) {
  std::string text = "% needs \\usepackage{booktabs,graphicx}\n\n";
  if (!note.empty()) {
    text.append("\\noindent ").append(latex_escaped(note)).append("\n\n");
  }
  const auto add = [&](const MeasureTables& measure, const std::string& caption, const TextTable& table) {
    text += "\\begin{table}\n\\centering\n\\caption{" +
            latex_escaped(title + ": " + with_better(measure.heading) + ". " + caption) + "}\n" +
            table.latex() + "\\end{table}\n\n";
  };
  for (const MeasureTables& measure : measure_tables(tables)) {
    if (measure.clean) {
      add(measure, "Paired Student t intervals of the difference to the twin; p corrected by Holm over the table.",
          *measure.clean);
    }
    if (measure.means) {
      add(measure, kShiftCaption, *measure.means);
    }
    if (measure.differences) {
      add(measure, std::string(kDifferenceCaption) + ".", *measure.differences);
    }
  }
  return text;
}

}  // namespace gyroseg
