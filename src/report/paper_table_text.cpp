#include <cstdio>
#include <sstream>

#include "gyroseg/report/csv.h"
#include "gyroseg/report/latex.h"
#include "gyroseg/report/paper_table.h"
#include "gyroseg/report/text_table.h"

namespace gyroseg {
namespace {

std::string header_of(const PaperColumn& column) {
  const auto& [metric, level] = column;
  const std::string name = metric == "miou"                      ? "mIoU"
                           : metric == "miou_without_background" ? "mIoU w/o background"
                           : metric == "pixel_accuracy"          ? "pixel accuracy"
                           : metric == "mean_class_accuracy"     ? "class accuracy"
                           : metric == "ece"                     ? "ECE"
                           : metric == "images_per_second"       ? "images/s"
                                                                 : metric;
  return level.empty() ? name : name + " " + level;
}

std::string number(int decimals, double value) {
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
  const std::string text = number(cell.decimals, cell.value);
  return cell.deviation ? text + plus_minus + number(cell.decimals, *cell.deviation) : text;
}

bool is_best(const PaperRow& row, const PaperColumn& column) {
  const auto found = row.cells.find(column);
  return found != row.cells.end() && found->second.best;
}

std::string name_of(const PaperRow& row) {
  return row.published ? row.name + " (published)" : row.name;
}

std::string framed(const std::string& frame, const std::string& text) {
  std::string result = frame;
  return result.append(text).append(frame);
}

bool has_published(const PaperTable& table) {
  for (const PaperRow& row : table.rows) {
    if (row.published) {
      return true;
    }
  }
  return false;
}

std::string caption(const PaperTable& table) {
  std::string text =
      "mIoU in percent; level 1 is the coarsest. Best of comparable rows (same data, split and "
      "image size) is bold.";
  if (has_published(table)) {
    text += " Published rows are what their source printed, on its own data: they are not compared "
            "with ours.";
  }
  return text;
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
    cells.insert(cells.end(), {row.published ? "-" : std::to_string(row.runs), row.source});
    text.add(cells);
  }
  std::string result = "# " + table.title + "\n\n" + caption(table) + "\n\n" + text.markdown();
  result += table.notes.empty() ? "" : "\n";
  for (const std::string& note : table.notes) {
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
  for (const PaperRow& row : table.rows) {
    if (row.published && !published && &row != &table.rows.front()) {
      out << "\\midrule\n";
    }
    published = row.published;
    const std::string name = latex_escaped(name_of(row));
    out << (row.published ? "\\textit{" + name + "}" : name) << " & "
        << (row.loss.empty() ? "--" : latex_escaped(row.loss)) << " & "
        << (row.decode.empty() ? "--" : latex_escaped(row.decode)) << " & "
        << latex_escaped(row.dataset + ", " + row.split);
    for (const PaperColumn& column : table.columns) {
      const std::string figure = figure_text(row, column, " $\\pm$ ");
      out << " & " << (figure == "-"           ? "--"
                       : is_best(row, column) ? "\\textbf{" + figure + "}"
                                               : figure);
    }
    out << " \\\\ % " << row.source << "\n";
  }
  out << "\\bottomrule\n\\end{tabular}\n\\end{table}\n";
  return out.str();
}

std::string paper_csv(const PaperTable& table) {
  std::ostringstream out;
  out << "source,table_or_page,dataset,split,model,loss,level,metric,value,unit,std,runs,best\n";
  for (const PaperRow& row : table.rows) {
    for (const PaperColumn& column : table.columns) {
      const auto found = row.cells.find(column);
      if (found == row.cells.end()) {
        continue;
      }
      const PaperCell& cell = found->second;
      const std::string unit = column.first == "parameters"          ? "count"
                               : column.first == "images_per_second" ? "per_second"
                                                                     : "percent";
      const std::optional<double> value = cell.value;
      out << csv_cell(row.source) << "," << (row.published ? "published" : "run") << ","
          << csv_cell(row.dataset) << "," << csv_cell(row.split) << ","
          << csv_cell(row.published ? row.name
                                    : row.name + ": " + row.network + ", " + row.decode)
          << ","
          << csv_cell(row.loss) << "," << column.second << "," << column.first << ","
          << csv_cell(value) << "," << unit << "," << csv_cell(cell.deviation) << ","
          << (row.published ? "" : std::to_string(row.runs)) << "," << (cell.best ? "yes" : "")
          << "\n";
    }
  }
  return out.str();
}

}  // namespace gyroseg
