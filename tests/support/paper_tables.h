#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <string>

#include "gyroseg/config/read.h"
#include "gyroseg/report/paper_table.h"
#include "support/tiny_run.h"

namespace gyroseg {

/// A run of two levels, as train and evaluate leave it; shares of levels 1 and 2.
struct MadeRun {
  std::string name;
  double coarse;
  double fine;
  int seed = 0;
  std::string split = "test";
  std::string set = "model.encoder=resnet18";       ///< one override
  std::map<std::string, std::string> context = {};  ///< of metrics.json, in place of what runs have
  bool background = false;                          ///< whether level 2 has a background class
};

/// Run folders in a temporary one.
class PaperTables : public ::testing::Test {
 protected:
  PaperTables() : folder_("paper_tables") {}

  RunSummary make(const MadeRun& run) {
    const std::filesystem::path folder = folder_.path() / run.name;
    std::filesystem::create_directories(folder);
    std::ofstream(folder_.path() / "c.yaml")
        << "hierarchy: {background: 0, body: {head: 1, torso: 2}}\ndata: {root: toy}\n";
    const Config config = read_config(folder_.path() / "c.yaml",
                                      {"seed=" + std::to_string(run.seed), "name=" + run.name, run.set});
    std::ofstream(folder / "config.yaml") << write_config(config);
    std::ofstream(folder / "metrics.jsonl")
        << "{\"step\":10,\"train_seconds\":4,\"parameters\":1000}\n"
           "{\"step\":20,\"train_seconds\":6,\"parameters\":1000}\n"
           "{\"step\":30,\"train_sec";  // cut off: does not count
    MetricsReport report;
    for (const auto& [level, share] : {std::pair{1, run.coarse}, std::pair{2, run.fine}}) {
      LevelReport figures;
      figures.level = level;
      figures.miou = share;
      figures.miou_without_background = share / 2;
      report.levels.push_back(figures);
    }
    if (run.background) {
      ClassReport background;
      background.name = "background";
      background.is_background = true;
      report.levels.back().classes = {background};
    }
    std::map<std::string, std::string> context = run.context;
    context.insert({{"split", run.split}, {"resolution", "resized"}, {"images_per_second", "40.50"}});
    write_metrics(folder, {{"level_sum", report}}, {context.begin(), context.end()});
    return read_run_summary(folder);
  }
  /// The text without the temporary folder's name.
  std::string local(std::string text) const {
    const std::string folder = folder_.path().string() + "/";
    for (std::size_t at; (at = text.find(folder)) != std::string::npos;) {
      text.erase(at, folder.size());
    }
    return text;
  }

  TemporaryFolder folder_;
};

/// A mIoU, printed with two digits as a share.
inline PublishedFigure published_figure(const std::string& model, const std::string& level, double value) {
  return {"seed 9", "p. 1", "Pascal & Part", "val", model, "", level, "miou", value, 2, "share"};
}

/// Names of the rows whose mIoU of level 1 is bold.
inline std::string bold_rows(const PaperTable& table) {
  std::string names;
  for (const PaperRow& row : table.rows) {
    const auto cell = row.cells.find({"miou", "1"});
    names += cell != row.cells.end() && cell->second.best ? row.name : "";
  }
  return names;
}

}  // namespace gyroseg
