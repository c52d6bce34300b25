#include "gyroseg/study/measures.h"

#include <charconv>

#include "gyroseg/data/file_bytes.h"
#include "gyroseg/data/image_io.h"
#include "gyroseg/report/csv.h"

namespace gyroseg {
namespace {

const std::vector<std::string> kMeasureColumns = {"corruption", "level", "measure", "value"};

template <class T>
bool whole_number(const std::string& text, T& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

void write_measures(const std::filesystem::path& file, const std::vector<Measure>& measures) {
  std::string text = "corruption,level,measure,value\n";
  for (const Measure& m : measures) {
    text += csv_cell(m.corruption) + "," + (m.level > 0 ? std::to_string(m.level) : "") + "," +
            csv_cell(m.name) + "," + csv_cell(m.value) + "\n";
  }
  write_text(file, text);
}

std::vector<Measure> read_measures(const std::filesystem::path& file) {
  const std::vector<CsvRow> rows = read_csv(file);
  if (rows.empty() || rows.front().cells != kMeasureColumns) {
    throw DataError(file.string() + ": expected the columns corruption,level,measure,value");
  }
  std::vector<Measure> measures;
  for (std::size_t i = 1; i < rows.size(); ++i) {
    const std::vector<std::string>& cells = rows[i].cells;
    Measure m;
    double value = 0;
    const bool fits = cells.size() == 4 && !cells[2].empty() &&
                      (cells[1].empty() || (whole_number(cells[1], m.level) && m.level > 0)) &&
                      (cells[3].empty() || whole_number(cells[3], value));
    if (!fits) {
      throw DataError(rows[i].place + ": expected a corruption, a level or nothing, a measure, and a "
                      "number or nothing");
    }
    m.corruption = cells[0];
    m.name = cells[2];
    m.value = cells[3].empty() ? std::nullopt : std::optional(value);
    measures.push_back(std::move(m));
  }
  return measures;
}

}  // namespace gyroseg
