#include "gyroseg/training/run_figures.h"

#include <algorithm>
#include <optional>
#include <set>

#include "gyroseg/config/read.h"
#include "gyroseg/hierarchy/class_map.h"
#include "gyroseg/models/safetensors.h"
#include "gyroseg/report/confusion_figure.h"
#include "gyroseg/report/run_log.h"
#include "gyroseg/report/run_names.h"
#include "gyroseg/training/run_panels.h"

namespace gyroseg {
namespace {

class RunFigures {
 public:
  RunFigures(const FigureRequest& request, const FigureSink& sink)
      : request_(request), sink_(sink), runs_(figure_runs(request)) {}

  // Whatever the user named is looked up before the first figure is drawn.
  void draw() {
    if (request_.samples > 0 || !request_.images.empty()) {
      load_runs();
      open_dataset();
    }
    draw_curves();
    for (const FigureRun& run : runs_) {
      draw_confusion(run);
    }
    draw_panels();
  }

 private:
  void add(const std::string& name, const Svg& figure) {
    std::string unused = name;
    while (!added_.insert(unused).second) {
      unused += "_";
    }
    sink_.add(unused, figure);
  }

  void open_dataset() {
    if (loaded_.empty()) {
      return;
    }
    try {
      const LoadedRun& first = loaded_.front().run;
      dataset_.emplace(first.config.data, first.tree, request_.split);
    } catch (const DataError& error) {
      sink_.miss(std::string("panels: ") + error.what() +
                 "; --set data.root=DIR names another place");
      return;
    }
    samples_ = choose_samples(*dataset_, request_.images, request_.samples);
  }

  void draw_curves() {
    std::vector<RunLog> logs;
    for (const FigureRun& run : runs_) {
      try {
        logs.push_back(read_run_log(RunFolder{run.folder}.metrics(), run.name));
      } catch (const DataError& error) {
        sink_.miss("curves of " + run.name + ": " + error.what());
      }
    }
    for (NamedChart& chart : run_charts(logs)) {
      chart.chart.theme = request_.theme;
      add(chart.file, gyroseg::draw(chart.chart));
    }
  }

  void draw_confusion(const FigureRun& run) {
    const std::filesystem::path folder = RunFolder{run.folder}.evaluation(request_.split);
    const std::vector<ConfusionFile> files = confusion_files(folder);
    if (files.empty()) {
      sink_.miss("confusion matrices of " + run.name + ": none in " + folder.string() +
                 "; evaluate --run " + run.folder + " --split " + request_.split +
                 " writes them");
    }
    for (const ConfusionFile& file : files) {
      if (request_.level != 0 && request_.level != file.level) {
        continue;
      }
      const std::string level = std::to_string(file.level);
      try {
        add((runs_.size() > 1 ? figure_name(run.name) + "_" : "") + "confusion_" + file.mode + "_level" +
                level,
            gyroseg::draw(read_confusion(file.path),
                          run.name + ": " + request_.split + " split, level " + level + ", " + file.mode,
                          request_.theme));
      } catch (const DataError& error) {
        sink_.miss("confusion matrices of " + run.name + ": " + error.what());
      }
    }
  }

  // Those that have weights, and the classes of the first of them.
  void load_runs() {
    for (const FigureRun& run : runs_) {
      const std::string what = "panels of " + run.name + ": ";
      try {
        NamedRun named = {run.name, load_run(run.folder, request_.checkpoint, request_.overrides)};
        if (loaded_.empty() || class_map(named.run.tree, loaded_.front().run.tree)) {
          loaded_.push_back(std::move(named));
        } else {
          sink_.miss(what + "its classes are not those of " + loaded_.front().name + "; draw it by itself");
        }
      } catch (const CheckpointError& error) {
        sink_.miss(what + error.what());
      } catch (const WeightsError& error) {
        sink_.miss(what + error.what());
      }
    }
  }

  void draw_panels() {
    if (samples_.empty()) {
      return;
    }
    std::vector<int> levels;
    for (int k = 1; k <= loaded_.front().run.tree.num_levels(); ++k) {
      if (request_.level == 0 || request_.level == k) {
        levels.push_back(k);
      }
    }
    std::vector<PanelGrid> grids = run_panels(loaded_, *dataset_, samples_, levels, request_.split);
    for (std::size_t i = 0; i < grids.size(); ++i) {
      grids[i].theme = request_.theme;
      add("panels_level" + std::to_string(levels[i]), gyroseg::draw(grids[i]));
    }
  }

  const FigureRequest& request_;
  const FigureSink& sink_;
  std::vector<FigureRun> runs_;
  std::vector<NamedRun> loaded_;                ///< of the panels
  std::optional<SegmentationDataset> dataset_;  ///< the split as the first loaded run's config has it
  std::vector<std::int64_t> samples_;
  std::set<std::string> added_;
};

}  // namespace

std::vector<FigureRun> figure_runs(const FigureRequest& request) {
  TORCH_CHECK_VALUE(!request.folders.empty(), "figure_runs: expected a run folder, got none");
  const std::vector<std::string> names = run_names({request.folders.begin(), request.folders.end()});
  if (std::set(names.begin(), names.end()).size() < names.size()) {
    throw DataError("--run: expected different folders, one is given twice");
  }
  std::vector<FigureRun> runs;
  int levels = 0;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::string& folder = request.folders[i];
    runs.push_back({folder, names[i],
                    read_config(open_run(folder).config(), without_first_files(request.overrides))});
    levels = std::max(levels, Hierarchy(runs.back().config.hierarchy).num_levels());
  }
  if (request.level > levels) {
    throw DataError("--level: expected a level from 1 to " + std::to_string(levels) + ", got " +
                    std::to_string(request.level));
  }
  return runs;
}

void draw_runs(const FigureRequest& request, const FigureSink& sink) {
  RunFigures(request, sink).draw();
}

}  // namespace gyroseg
