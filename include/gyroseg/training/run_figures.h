#pragma once

#include <functional>
#include <string>
#include <vector>

#include "gyroseg/config/config.h"
#include "gyroseg/report/svg.h"

namespace gyroseg {

/// Which figures of which runs.
struct FigureRequest {
  std::vector<std::string> folders;    ///< run folders, at least one
  std::string split = "test";
  std::vector<std::string> images;     ///< shown in panels; empty: `samples` of them
  int samples = 4;                     ///< 0: no panels
  int level = 0;                       ///< of what is drawn level by level, but for curves; 0: all
  std::string checkpoint = "best";     ///< best | last | a path
  std::vector<std::string> overrides;  ///< as --set, for every run's config
  Theme theme = {};
};

/// A run of a request, under the name that it has in figures.
struct FigureRun {
  std::string folder;
  std::string name;
  Config config;
};

/// The runs of a request, in its order. Throws CheckpointError on a folder that is no run, ConfigError,
/// HierarchyError; DataError on a folder given twice and on a level that no run has.
[[nodiscard]] std::vector<FigureRun> figure_runs(const FigureRequest& request);

/// Where figures go, and word of what is left out because a run lacks it.
struct FigureSink {
  /// name: of a file, without extension; used once.
  std::function<void(const std::string& name, const Svg& figure)> add;
  /// what: begins with "curves", "confusion matrices" or "panels".
  std::function<void(const std::string& what)> miss;
};

/// Draws everything that the run folders hold:
///
///   loss, loss_TERM, ...         curves of all runs that have a metrics.jsonl (report/run_log.h)
///   [RUN_]confusion_MODE_levelK  what evaluate wrote for the split, a figure a run
///   panels_levelK                images, predictions and truth (run_panels.h) of all runs that have a
///                                checkpoint, and the classes of the first that has one (class_map.h)
///
///   Throws  what figure_runs throws; DataError on an image that is not in the split
void draw_runs(const FigureRequest& request, const FigureSink& sink);

}  // namespace gyroseg
