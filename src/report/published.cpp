#include "gyroseg/report/published.h"

#include <c10/util/StringUtil.h>

#include <algorithm>
#include <charconv>
#include <map>

#include "gyroseg/report/csv.h"
#include "gyroseg/data/image_io.h"
#include "gyroseg/hierarchy/hierarchy.h"

namespace gyroseg {
namespace {

const std::vector<std::string> kColumns = {"source", "table_or_page", "dataset", "split",
                                           "model",  "loss",          "level",   "metric",
                                           "value",  "unit"};

bool is_other(const std::string& metric) {
  return metric.starts_with("other:") && metric.size() > 6;
}

bool is_level_metric(const std::string& metric) {
  const std::vector<std::string>& known = level_metrics();
  return std::find(known.begin(), known.end(), metric) != known.end();
}

class PublishedReader {
 public:
  explicit PublishedReader(const std::filesystem::path& file) : file_(file) {}

  std::vector<PublishedFigure> read() {
    const std::vector<CsvRow> rows = read_csv(file_);
    if (rows.empty() || rows.front().cells != kColumns) {
      throw DataError((rows.empty() ? file_.string() : rows.front().place) +
                      ": expected the header " + c10::Join(",", kColumns) + ", found " +
                      (rows.empty() ? "none" : c10::Join(",", rows.front().cells)));
    }
    std::vector<PublishedFigure> figures;
    for (std::size_t i = 1; i < rows.size(); ++i) {
      if (rows[i].cells.size() != kColumns.size()) {
        problems_.push_back(rows[i].place + ": expected " + std::to_string(kColumns.size()) +
                            " cells, found " + std::to_string(rows[i].cells.size()));
      } else {
        figures.push_back(read_row(rows[i]));
      }
    }
    if (!problems_.empty()) {
      throw DataError(c10::Join("\n", problems_));
    }
    return figures;
  }

 private:
  void fail(const std::string& column, const std::string& what) {
    problems_.push_back(place_ + ": " + column + ": " + what);
  }

  PublishedFigure read_row(const CsvRow& row) {
    place_ = row.place;
    const std::vector<std::string>& cells = row.cells;
    for (const std::size_t i : {0U, 1U, 2U, 3U, 4U, 7U, 9U}) {
      if (cells[i].empty()) {
        fail(kColumns[i], "expected text, found nothing" +
                              std::string(i == 2 || i == 3 ? "; write: not stated" : ""));
      }
    }
    PublishedFigure figure{cells[0], cells[1], cells[2], cells[3],     cells[4], cells[5],
                           cells[6], cells[7], std::nullopt, 0, cells[9], place_};
    check_metric(figure);
    check_level(figure);
    read_value(cells[8], figure);
    const auto [first, is_new] =
        lines_.emplace(std::vector<std::string>{cells.begin(), cells.begin() + 8}, place_);
    if (!is_new) {
      fail("value", "a second number of what " + first->second + " gives");
    }
    return figure;
  }

  void check_metric(const PublishedFigure& figure) {
    const std::string& metric = figure.metric;
    std::vector<std::string> known = level_metrics();
    known.insert(known.end(), {"parameters", "images_per_second"});
    std::vector<std::string> units;
    if (is_level_metric(metric)) {
      units = {"share", "percent"};
    } else if (metric == "parameters") {
      units = {"count", "millions"};
    } else if (metric == "images_per_second") {
      units = {"per_second"};
    } else if (!is_other(metric)) {
      const std::string near = nearest_name(metric, known);
      fail("metric", "expected " + c10::Join(" | ", known) + " | other:NAME, found " + metric +
                         (near.empty() ? "" : "; did you mean " + near + "?"));
    }
    if (!units.empty() && std::find(units.begin(), units.end(), figure.unit) == units.end()) {
      fail("unit", "expected " + c10::Join(" | ", units) + " for " + metric + ", found " +
                       figure.unit);
    }
  }

  void check_level(const PublishedFigure& figure) {
    const std::string& level = figure.level;
    const bool number = level.size() == 1 && level[0] >= '1' && level[0] <= '9';
    if (!level.empty() && level != "leaf" && !number) {
      fail("level", "expected 1 to 9, leaf or nothing, found " + level);
    }
    const bool of_no_level =
        figure.metric == "parameters" || figure.metric == "images_per_second";
    if (is_level_metric(figure.metric) && level.empty()) {
      fail("level", "expected 1 to 9 or leaf for " + figure.metric + ", found nothing");
    } else if (of_no_level && !level.empty()) {
      fail("level", "expected nothing for " + figure.metric + ", found " + level);
    }
  }

  void read_value(const std::string& text, PublishedFigure& figure) {
    if (text.empty()) {
      return;
    }
    double value = 0;
    const char* end = text.data() + text.size();
    const auto [stop, error] =
        std::from_chars(text.data(), end, value, std::chars_format::fixed);
    const bool digits = text.find_first_not_of("-.0123456789") == std::string::npos;
    if (error != std::errc() || stop != end || !digits) {
      fail("value", "expected a number as 44.5, or nothing, found " + text);
      return;
    }
    const double most = figure.unit == "share" ? 1 : figure.unit == "percent" ? 100 : 1e300;
    if (!is_other(figure.metric) && (value < 0 || value > most)) {
      const std::string to = most == 1 ? " to 1" : most == 100 ? " to 100" : " up";
      fail("value", "expected a number from 0" + to + " in the unit " + figure.unit + ", found " +
                        text);
      return;
    }
    figure.value = value;
    const std::size_t point = text.find('.');
    figure.decimals = point == std::string::npos ? 0 : static_cast<int>(text.size() - point - 1);
  }

  std::filesystem::path file_;
  std::string place_;
  std::vector<std::string> problems_;
  std::map<std::vector<std::string>, std::string> lines_;  ///< what a number is of -> its place
};

}  // namespace

const std::vector<std::string>& level_metrics() {
  static const std::vector<std::string> kMetrics = {
      "miou", "miou_without_background", "pixel_accuracy", "mean_class_accuracy", "ece"};
  return kMetrics;
}

std::vector<PublishedFigure> read_published(const std::filesystem::path& file) {
  return PublishedReader(file).read();
}

}  // namespace gyroseg
