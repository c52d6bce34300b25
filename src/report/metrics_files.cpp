#include "gyroseg/report/metrics_files.h"

#include <torch/types.h>

#include <algorithm>
#include <sstream>

#include "gyroseg/report/csv.h"
#include "gyroseg/data/file_bytes.h"
#include "metrics_json.h"

namespace gyroseg {
namespace {

std::string metrics_csv(const std::vector<ModeReport>& modes) {
  std::ostringstream out;
  out << "mode,level,kind,class,pixels,iou,accuracy,miou_without_background,pixel_accuracy,ece\n";
  for (const ModeReport& mode : modes) {
    for (const LevelReport& level : mode.report.levels) {
      const std::string head = csv_cell(mode.mode) + "," + std::to_string(level.level);
      std::int64_t pixels = 0;
      for (const ClassReport& cls : level.classes) {
        pixels += cls.pixels;
        out << head << (cls.is_background ? ",background," : ",class,") << csv_cell(cls.name) << ","
            << cls.pixels << "," << csv_cell(cls.iou) << "," << csv_cell(cls.accuracy) << ",,,\n";
      }
      out << head << ",level,," << pixels << "," << csv_cell(level.miou) << ","
          << csv_cell(level.mean_class_accuracy) << "," << csv_cell(level.miou_without_background)
          << "," << csv_cell(level.pixel_accuracy) << "," << csv_cell(level.ece) << "\n";
    }
  }
  return out.str();
}

std::string confusion_csv(const LevelReport& level) {
  std::ostringstream out;
  out << "truth \\ prediction";
  for (const ClassReport& cls : level.classes) {
    out << "," << csv_cell(cls.name);
  }
  const bool undecided = std::any_of(level.classes.begin(), level.classes.end(),
                                     [](const ClassReport& cls) { return cls.undecided > 0; });
  out << (undecided ? ",(undecided)\n" : "\n");
  const torch::Tensor counts = level.confusion.to(torch::kCPU, torch::kInt64);
  const auto cells = counts.accessor<std::int64_t, 2>();
  for (std::int64_t t = 0; t < counts.size(0); ++t) {
    out << csv_cell(level.classes.at(t).name);
    for (std::int64_t p = 0; p < counts.size(1); ++p) {
      out << "," << cells[t][p];
    }
    if (undecided) {
      out << "," << level.classes.at(t).undecided;
    }
    out << "\n";
  }
  return out.str();
}

std::string metrics_markdown(const std::vector<ModeReport>& modes, const MetricsContext& context) {
  std::string text = "# Metrics\n\n";
  for (const auto& [key, value] : context) {
    text += "- " + key + ": " + value + "\n";
  }
  text += "- definitions: docs/metrics.md; level 1 is the coarsest\n";
  for (const ModeReport& mode : modes) {
    text += "\n## decode: " + mode.mode + "\n\n" + level_table(mode.report, TableStyle::markdown) +
            "\n### Classes\n\n" + class_table(mode.report, TableStyle::markdown);
  }
  return text;
}

}  // namespace

void write_metrics(const std::filesystem::path& folder, const std::vector<ModeReport>& modes,
                   const MetricsContext& context) {
  TORCH_CHECK_VALUE(!modes.empty(), "write_metrics: expected at least one decode mode, got 0");
  const std::string json = metrics_json(modes, context);
  for (const ModeReport& mode : modes) {
    for (const LevelReport& level : mode.report.levels) {
      if (level.confusion.defined()) {
        write_text(
            folder / ("confusion_" + mode.mode + "_level" + std::to_string(level.level) + ".csv"),
            confusion_csv(level));
      }
    }
  }
  write_text(folder / "metrics.csv", metrics_csv(modes));
  write_text(folder / "metrics.md", metrics_markdown(modes, context));
  write_text(folder / "metrics.json", json);
}

}  // namespace gyroseg
