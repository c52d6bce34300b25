#include "gyroseg/report/metrics_tables.h"

#include <algorithm>
#include <sstream>

#include "gyroseg/report/report_page.h"
#include "gyroseg/report/root_middle_leaf.h"
#include "gyroseg/report/text_table.h"

namespace gyroseg {
namespace {

std::string rendered(const TextTable& table, TableStyle style) {
  return style == TableStyle::text       ? table.text()
         : style == TableStyle::markdown ? table.markdown()
                                         : table.html();
}

// Lines below a table.
std::string rendered_notes(const std::string& lines, TableStyle style) {
  if (style != TableStyle::html) {
    return lines;
  }
  std::string paragraphs;
  std::istringstream in(lines);
  for (std::string line; std::getline(in, line);) {
    paragraphs += line.empty() ? "" : "<p class=\"note\">" + html_escaped(line) + "</p>\n";
  }
  return paragraphs;
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

// "mIoU of an image: level 1 0.8123 +- 0.0412, ...", mean and deviation, for the levels that have it.
std::string image_line(const MetricsReport& report) {
  std::string text;
  for (const LevelReport& level : report.levels) {
    if (level.image_miou) {
      text += (text.empty() ? "mIoU of an image by itself, mean +- standard deviation: level " : ", level ") +
              std::to_string(level.level) + " " + share_cell(level.image_miou->mean) + " +- " +
              share_cell(level.image_miou->deviation);
    }
  }
  return text.empty() ? text : text + "\n";
}

bool has_background(const NamedReport& run) {
  return std::any_of(run.report.levels.begin(), run.report.levels.end(), [](const LevelReport& l) {
    return std::any_of(l.classes.begin(), l.classes.end(),
                       [](const ClassReport& cls) { return cls.is_background; });
  });
}

bool reaches(const NamedReport& run, std::size_t k) { return k < run.report.levels.size(); }

// Rows of every level of the deepest run.
void add_levels(TextTable& table, const std::vector<NamedReport>& runs) {
  const auto add = [&](std::size_t k, const std::string& suffix,
                       std::optional<double> LevelReport::*figure) {
    std::vector<std::string> row;
    std::string classes;
    for (const NamedReport& run : runs) {
      row.push_back(share_cell(reaches(run, k) ? run.report.levels[k].*figure : std::nullopt));
      if (reaches(run, k) && classes.empty()) {
        classes = " (" + classes_cell(run.report.levels[k]) + " classes)";
      }
    }
    row.insert(row.begin(), "level " + std::to_string(k + 1) + classes + suffix);
    table.add(row);
  };
  const bool both = std::any_of(runs.begin(), runs.end(), has_background);
  const auto any_reaches = [&runs](std::size_t k) {
    return std::any_of(runs.begin(), runs.end(),
                       [k](const NamedReport& run) { return reaches(run, k); });
  };
  for (std::size_t k = 0; any_reaches(k); ++k) {
    add(k, "", &LevelReport::miou);
    if (both) {
      add(k, ", without background", &LevelReport::miou_without_background);
    }
  }
}

void add_root_middle_leaf(TextTable& table, const std::vector<NamedReport>& runs) {
  for (const PlaceFigure& figure : root_middle_leaf()) {
    std::vector<std::string> row = {figure.name};
    for (const NamedReport& run : runs) {
      row.push_back(share_cell(figure.share(run.report)));
    }
    table.add(row);
  }
}

// A row of what is no share, unless no run has it.
void add_context(TextTable& table, const std::vector<NamedReport>& runs, const std::string& title,
                 const std::string& key) {
  std::vector<std::string> row = {title};
  bool any = false;
  for (const NamedReport& run : runs) {
    const auto found = std::find_if(run.context.begin(), run.context.end(),
                                    [&](const auto& entry) { return entry.first == key; });
    any = any || found != run.context.end();
    row.push_back(found == run.context.end() ? "-" : found->second);
  }
  if (any) {
    table.add(row);
  }
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
  const std::string notes =
      "\nmean tree distance of errors: " + share_cell(report.tree_distance_of_errors) +
      "\nconsistency violations: " + share_cell(report.consistency_violations) + " of " +
      std::to_string(report.pixels) + " pixels\n" + image_line(report) + undecided_lines(report);
  return rendered(table, style) + rendered_notes(notes, style);
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
  return rendered(table, style) + (starred ? rendered_notes(note, style) : "");
}

std::string compare_table(const std::vector<NamedReport>& runs, TableStyle style,
                          CompareRows rows) {
  std::vector<std::string> header = {"mIoU"};
  for (const NamedReport& run : runs) {
    header.push_back(run.name);
  }
  TextTable table(header);
  if (rows == CompareRows::levels) {
    add_levels(table, runs);
  } else {
    add_root_middle_leaf(table, runs);
  }
  add_context(table, runs, "parameters", "parameters");
  add_context(table, runs, "evaluation images/s", "images_per_second");
  return rendered(table, style);
}

}  // namespace gyroseg
