#include "gyroseg/report/metrics_tables.h"

#include <algorithm>

#include "gyroseg/report/text_table.h"

namespace gyroseg {
namespace {

std::string rendered(const TextTable& table, TableStyle style) {
  return style == TableStyle::text ? table.text() : table.markdown();
}

std::string classes_cell(const LevelReport& level) { return std::to_string(level.classes.size()); }

// "undecided at level 2: 0.1230", for the levels where any pixel is.
std::string undecided_lines(const MetricsReport& report) {
  std::string text;
  for (const LevelReport& level : report.levels) {
    std::int64_t undecided = 0;
    std::int64_t pixels = 0;
    for (const ClassReport& cls : level.classes) {
      undecided += cls.undecided;
      pixels += cls.pixels;
    }
    if (undecided > 0) {
      text += "undecided at level " + std::to_string(level.level) + ": " +
              share_cell(static_cast<double>(undecided) / static_cast<double>(pixels)) + " of " +
              std::to_string(pixels) + " pixels\n";
    }
  }
  return text;
}

bool has_background(const NamedReport& run) {
  return std::any_of(run.report.levels.begin(), run.report.levels.end(), [](const LevelReport& l) {
    return std::any_of(l.classes.begin(), l.classes.end(),
                       [](const ClassReport& cls) { return cls.is_background; });
  });
}

}  // namespace

std::string level_table(const MetricsReport& report, TableStyle style) {
  TextTable table({"level", "classes", "mIoU", "mIoU w/o background", "pixel accuracy",
                   "mean class accuracy", "ECE"});
  for (const LevelReport& level : report.levels) {
    table.add({std::to_string(level.level), classes_cell(level), share_cell(level.miou),
               share_cell(level.miou_without_background), share_cell(level.pixel_accuracy),
               share_cell(level.mean_class_accuracy), share_cell(level.ece)});
  }
  return rendered(table, style) +
         "\nmean tree distance of errors: " + share_cell(report.tree_distance_of_errors) +
         "\nconsistency violations: " + share_cell(report.consistency_violations) + " of " +
         std::to_string(report.pixels) + " pixels\n" + undecided_lines(report);
}

std::string class_table(const MetricsReport& report, TableStyle style) {
  TextTable table({"class", "level", "IoU", "accuracy", "pixels"});
  bool starred = false;
  for (const LevelReport& level : report.levels) {
    for (const ClassReport& cls : level.classes) {
      starred = starred || cls.is_background;
      table.add({cls.name + (cls.is_background ? " *" : ""), std::to_string(level.level),
                 share_cell(cls.iou), share_cell(cls.accuracy), std::to_string(cls.pixels)});
    }
  }
  const std::string note = "\n* left out of mIoU without background\n";
  return rendered(table, style) + (starred ? note : "");
}

std::string compare_table(const std::vector<NamedReport>& runs, TableStyle style) {
  std::vector<std::string> header = {"mIoU"};
  std::size_t levels = 0;
  for (const NamedReport& run : runs) {
    header.push_back(run.name);
    levels = std::max(levels, run.report.levels.size());
  }
  TextTable table(header);
  const auto add = [&](std::size_t k, const std::string& suffix,
                       std::optional<double> LevelReport::*figure) {
    std::vector<std::string> row;
    std::string classes;
    for (const NamedReport& run : runs) {
      const bool known = k < run.report.levels.size();
      row.push_back(share_cell(known ? run.report.levels[k].*figure : std::nullopt));
      if (known && classes.empty()) {
        classes = " (" + classes_cell(run.report.levels[k]) + " classes)";
      }
    }
    row.insert(row.begin(), "level " + std::to_string(k + 1) + classes + suffix);
    table.add(row);
  };
  const bool both = std::any_of(runs.begin(), runs.end(), has_background);
  for (std::size_t k = 0; k < levels; ++k) {
    add(k, "", &LevelReport::miou);
    if (both) {
      add(k, ", without background", &LevelReport::miou_without_background);
    }
  }
  return rendered(table, style);
}

}  // namespace gyroseg
