#include "gyroseg/report/text_table.h"

#include <c10/util/Exception.h>

#include <algorithm>
#include <cstdio>
#include <utility>

#include "gyroseg/report/latex.h"
#include "gyroseg/report/report_page.h"

namespace gyroseg {
namespace {

using Rows = std::vector<std::vector<std::string>>;

std::vector<std::size_t> widths_of(const Rows& rows, std::size_t least) {
  std::vector<std::size_t> widths(rows.front().size(), least);
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], row[i].size());
    }
  }
  return widths;
}

std::string padded(const std::string& cell, std::size_t column, std::size_t width) {
  const std::string space(width - cell.size(), ' ');
  return column == 0 ? cell + space : space + cell;
}

std::string joined(const std::vector<std::string>& row, const std::vector<std::size_t>& widths,
                   const std::string& separator) {
  std::string line;
  for (std::size_t i = 0; i < row.size(); ++i) {
    line += (i == 0 ? "" : separator) + padded(row[i], i, widths[i]);
  }
  return line;
}

std::string pipes_escaped(const std::string& cell) {
  std::string result;
  for (const char c : cell) {
    if (c == '|') {
      result += '\\';
    }
    result += c;
  }
  return result;
}

}  // namespace

TextTable::TextTable(std::vector<std::string> header) { rows_.push_back(std::move(header)); }

void TextTable::add(std::vector<std::string> row) {
  TORCH_CHECK_VALUE(row.size() == rows_.front().size(), "TextTable: expected ",
                    rows_.front().size(), " cells, got ", row.size());
  rows_.push_back(std::move(row));
}

std::string TextTable::text() const {
  const std::vector<std::size_t> widths = widths_of(rows_, 1);
  std::vector<std::string> rule;
  for (const std::size_t width : widths) {
    rule.emplace_back(width, '-');
  }
  std::string result;
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    std::string line = joined(rows_[i], widths, "  ");
    line.erase(line.find_last_not_of(' ') + 1);
    result += line + "\n";
    if (i == 0) {
      result += joined(rule, widths, "  ") + "\n";
    }
  }
  return result;
}

std::string TextTable::markdown() const {
  Rows rows = rows_;
  for (auto& row : rows) {
    std::transform(row.begin(), row.end(), row.begin(), pipes_escaped);
  }
  const std::vector<std::size_t> widths = widths_of(rows, 3);
  std::vector<std::string> rule;
  for (std::size_t i = 0; i < widths.size(); ++i) {
    rule.push_back(i == 0 ? std::string(widths[i], '-') : std::string(widths[i] - 1, '-') + ":");
  }
  rows.insert(rows.begin() + 1, rule);
  std::string result;
  for (const auto& row : rows) {
    result += "| " + joined(row, widths, " | ") + " |\n";
  }
  return result;
}

std::string TextTable::html() const {
  std::string result = "<div class=\"table-box\"><table>\n";
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    const std::string tag = i == 0 ? "th" : "td";
    result += i == 0 ? "<thead>" : i == 1 ? "<tbody>" : "";
    result += "<tr>";
    for (const std::string& cell : rows_[i]) {
      result += "<" + tag + ">" + html_escaped(cell) + "</" + tag + ">";
    }
    result += i == 0 ? "</tr></thead>\n" : "</tr>\n";
  }
  return result + (rows_.size() > 1 ? "</tbody>" : "") + "</table></div>\n";
}

std::string TextTable::latex() const {
  std::string result = "\\resizebox{\\ifdim\\width>\\textwidth\\textwidth\\else\\width\\fi}{!}{%\n\\begin{tabular}{l" +
                       std::string(rows_.front().size() - 1, 'r') + "}\n\\toprule\n";
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    std::string line;
    for (std::size_t column = 0; column < rows_[i].size(); ++column) {
      line += (column == 0 ? "" : " & ") + latex_escaped(rows_[i][column]);
    }
    for (std::size_t at = line.find("+-"); at != std::string::npos; at = line.find("+-")) {
      line.replace(at, 2, "$\\pm$");
    }
    result += line + (i == 0 ? " \\\\\n\\midrule\n" : " \\\\\n");
  }
  return result + "\\bottomrule\n\\end{tabular}}\n";
}

std::string share_cell(const std::optional<double>& value) {
  if (!value) {
    return "-";
  }
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%.4f", *value);
  return buffer;
}

}  // namespace gyroseg
