#include <c10/util/StringUtil.h>

#include <algorithm>
#include <cstdio>
#include <iterator>
#include <sstream>

#include "gyroseg/report/csv.h"
#include "gyroseg/report/latex.h"
#include "gyroseg/report/paper_table.h"
#include "gyroseg/report/root_middle_leaf.h"
#include "gyroseg/report/text_table.h"

namespace gyroseg {
namespace {

std::string header_of(const PaperColumn& column) {
  static const std::map<std::string, std::string> kNames = {
      {"miou", "mIoU"},
      {"miou_without_background", "mIoU w/o background"},
      {"pixel_accuracy", "pixel accuracy"},
      {"mean_class_accuracy", "class accuracy"},
      {"ece", "ECE"},
      {"parameters", "parameters"},
      {"training_images_per_second", "training images/s"},
      {"evaluation_images_per_second", "evaluation images/s"}};
  const auto& [metric, level] = column;
  for (const PlaceFigure& figure : root_middle_leaf()) {
    if (metric == figure.metric) {
      return figure.name;
    }
  }
  return level.empty() ? kNames.at(metric) : kNames.at(metric) + " " + level;
}

std::string with_decimals(int decimals, double value) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", decimals, value);
  return text;
}

// "61.30" or "61.30 +- 0.42"; "-" where there is no figure.
std::string figure_text(const PaperRow& row, const PaperColumn& column,
                        const std::string& plus_minus) {
  const auto found = row.cells.find(column);
  if (found == row.cells.end()) {
    return "-";
  }
  const PaperCell& cell = found->second;
  const std::string text = with_decimals(cell.decimals, cell.value);
  return cell.deviation ? text + plus_minus + with_decimals(cell.decimals, *cell.deviation) : text;
}

bool is_best(const PaperRow& row, const PaperColumn& column) {
  const auto found = row.cells.find(column);
  return found != row.cells.end() && found->second.best;
}

std::string name_of(const PaperRow& row) {
  return row.published ? row.name + " (published)" : row.name;
}

std::string source_of(const PaperRow& row) {
  return row.published ? row.source + ", " + row.place : row.source;
}

// A figure of a metric that no column has.
std::string note_of(const PublishedFigure& figure) {
  std::string note = "Published (" + figure.source + ", " + figure.table_or_page + "): " + figure.model;
  if (!figure.loss.empty()) {
    note += ", " + figure.loss;
  }
  note += ", " + figure.dataset + ", " + figure.split + ": " + figure.metric.substr(6);
  if (!figure.level.empty()) {
    note += " at level " + figure.level;
  }
  if (!figure.value) {
    return note + " (no number printed)";
  }
  return note + " " + with_decimals(figure.decimals, *figure.value) + " " + figure.unit;
}

std::vector<std::string> notes_of(const PaperTable& table) {
  std::vector<std::string> notes = table.notes;
  std::transform(table.others.begin(), table.others.end(), std::back_inserter(notes), note_of);
  return notes;
}

std::string framed(const std::string& frame, const std::string& text) {
  std::string result = frame;
  return result.append(text).append(frame);
}

std::string caption(const PaperTable& table) {
  const auto published = [](const PaperRow& row) { return row.published; };
  std::string text = "mIoU in percent; level 1 is the coarsest.";
  if (table.shown == CompareRows::root_middle_leaf) {
    text += " Mean root IoU is mIoU without background of level 1, mean leaf IoU that of the last level, "
            "mean middle IoU the mean of those between.";
  }
  if (!std::all_of(table.rows.begin(), table.rows.end(), published)) {
    text += " Best of comparable runs (same data, split, tree, background, image size, resolution and "
            "inference) is bold.";
  }
  if (std::any_of(table.rows.begin(), table.rows.end(), published)) {
    text += " Published rows are what their source printed, measured on its own data in its own way: they "
            "are compared neither with ours nor with each other.";
  }
  return text;
}

// Its number among the sources below the table, from 1.
std::size_t source_number(std::vector<std::string>& sources, const std::string& source) {
  const auto found = std::find(sources.begin(), sources.end(), source);
  const std::size_t before = found - sources.begin();
  if (found == sources.end()) {
    sources.push_back(source);
  }
  return before + 1;
}

std::string superscript(std::size_t number) {
  return "\\textsuperscript{" + std::to_string(number) + "}";
}

std::string latex_figures(const PaperTable& table, const PaperRow& row) {
  std::string text;
  for (const PaperColumn& column : table.columns) {
    const std::string figure = figure_text(row, column, " $\\pm$ ");
    text += " & ";
    text += figure == "-"           ? "--"
            : is_best(row, column) ? "\\textbf{" + figure + "}"
                                    : figure;
  }
  return text;
}

// Paragraphs below the tabular: a line break would take a following "[" for its option.
std::string latex_notes(const std::vector<std::string>& sources, const std::vector<std::string>& notes) {
  std::string text;
  for (std::size_t i = 0; i < sources.size(); ++i) {
    text += "\n" + superscript(i + 1) + " " + latex_escaped(sources[i]) + "\n";
  }
  for (const std::string& note : notes) {
    text += "\n" + latex_escaped(note) + "\n";
  }
  if (text.empty()) {
    return text;
  }
  return "\\par\\smallskip\n\\begin{minipage}{\\linewidth}\\footnotesize\\raggedright" + text +
         "\\end{minipage}\n";
}

std::string csv_line(const std::vector<std::string>& cells) { return c10::Join(",", cells) + "\n"; }

std::string csv_line(const PaperRow& row, const PaperColumn& column, const PaperCell& cell) {
  const auto& [metric, level] = column;
  const std::string unit = metric == "parameters"              ? "count"
                           : metric.ends_with("_per_second") ? "per_second"
                                                               : "percent";
  const std::string model = row.published ? row.name : row.name + ": " + row.network + ", " + row.decode;
  return csv_line({csv_cell(row.source), csv_cell(row.published ? cell.place : "run"),
                   csv_cell(row.dataset), csv_cell(row.split), csv_cell(model), csv_cell(row.loss), level,
                   metric, csv_cell(std::optional(cell.value)), unit, csv_cell(cell.deviation),
                   row.published ? "" : std::to_string(row.runs), cell.best ? "yes" : ""});
}

std::string csv_line(const PublishedFigure& other) {
  return csv_line({csv_cell(other.source), csv_cell(other.table_or_page), csv_cell(other.dataset),
                   csv_cell(other.split), csv_cell(other.model), csv_cell(other.loss), other.level,
                   csv_cell(other.metric), csv_cell(other.value), csv_cell(other.unit), "", "", ""});
}

}  // namespace

std::string paper_markdown(const PaperTable& table) {
  std::vector<std::string> header = {"run", "network", "loss", "decode", "data", "split"};
  for (const PaperColumn& column : table.columns) {
    header.push_back(header_of(column));
  }
  header.insert(header.end(), {"seeds", "source"});
  TextTable text(header);
  for (const PaperRow& row : table.rows) {
    std::vector<std::string> cells = {row.published ? framed("*", name_of(row)) : row.name,
                                      row.network.empty() ? "-" : row.network,
                                      row.loss.empty() ? "-" : row.loss,
                                      row.decode.empty() ? "-" : row.decode, row.dataset,
                                      row.split};
    for (const PaperColumn& column : table.columns) {
      const std::string figure = figure_text(row, column, " +- ");
      cells.push_back(is_best(row, column) ? framed("**", figure) : figure);
    }
    cells.insert(cells.end(), {row.published ? "-" : std::to_string(row.runs), source_of(row)});
    text.add(cells);
  }
  std::string result = "# " + table.title + "\n\n" + caption(table) + "\n\n" + text.markdown();
  const std::vector<std::string> notes = notes_of(table);
  result += notes.empty() ? "" : "\n";
  for (const std::string& note : notes) {
    result += "- " + note + "\n";
  }
  return result;
}

std::string paper_latex(const PaperTable& table) {
  std::ostringstream out;
  out << "% \\usepackage{booktabs}\n\\begin{table}\n\\centering\n\\caption{"
      << latex_escaped(table.title + ". " + caption(table)) << "}\n\\begin{tabular}{llll"
      << std::string(table.columns.size(), 'r')
      << "}\n\\toprule\nrun & loss & decode & data, split";
  for (const PaperColumn& column : table.columns) {
    out << " & " << latex_escaped(header_of(column));
  }
  out << " \\\\\n\\midrule\n";
  bool published = false;
  std::vector<std::string> sources;
  for (const PaperRow& row : table.rows) {
    if (row.published && !published && &row != &table.rows.front()) {
      out << "\\midrule\n";
    }
    published = row.published;
    std::string name = latex_escaped(name_of(row));
    if (row.published) {
      name = "\\textit{" + name + "}" + superscript(source_number(sources, source_of(row)));
    }
    out << name << " & " << (row.loss.empty() ? "--" : latex_escaped(row.loss)) << " & "
        << (row.decode.empty() ? "--" : latex_escaped(row.decode)) << " & "
        << latex_escaped(row.dataset + ", " + row.split);
    out << latex_figures(table, row) << " \\\\";
    if (!row.published) {
      out << " % " << row.source;
    }
    out << "\n";
  }
  out << "\\bottomrule\n\\end{tabular}\n" << latex_notes(sources, notes_of(table)) << "\\end{table}\n";
  return out.str();
}

std::string paper_csv(const PaperTable& table) {
  std::ostringstream out;
  out << "source,table_or_page,dataset,split,model,loss,level,metric,value,unit,std,runs,best\n";
  for (const PaperRow& row : table.rows) {
    for (const PaperColumn& column : table.columns) {
      if (const auto found = row.cells.find(column); found != row.cells.end()) {
        out << csv_line(row, column, found->second);
      }
    }
  }
  for (const PublishedFigure& other : table.others) {
    if (other.value) {
      out << csv_line(other);
    }
  }
  return out.str();
}

}  // namespace gyroseg
