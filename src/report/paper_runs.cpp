#include <c10/util/StringUtil.h>

#include <algorithm>
#include <cmath>
#include <iterator>

#include "gyroseg/config/read.h"
#include "gyroseg/data/image_io.h"
#include "gyroseg/metrics/moments.h"
#include "gyroseg/report/root_middle_leaf.h"
#include "paper_rows.h"
#include "run_conditions.h"

namespace gyroseg {
namespace {

std::string network_of(const Config& config) {
  std::string text = config.model.encoder + ", " + config.model.decoder;
  const bool triplet = std::any_of(config.loss.begin(), config.loss.end(),
                                   [](const LossConfig& l) { return l.name == "tree_triplet"; });
  if (config.classifier.input == "embedding" || triplet) {
    text += ", " + config.embedding.space + " " + std::to_string(config.embedding.dim);
  }
  return config.classifier.input == "embedding" ? text + ", " + config.classifier.kind : text;
}

std::string loss_of(const Config& config) {
  std::vector<std::string> labels;
  for (const LossConfig& loss : config.loss) {
    labels.push_back(loss.gamma == 0 ? loss.label : c10::str(loss.label, " (gamma ", loss.gamma, ")"));
  }
  return c10::Join(" + ", labels);
}

// What two runs of one name may not differ in.
std::string config_without_seed(Config config) {
  config.seed = 0;
  config.name = "run";
  config.output_dir = "runs";
  return write_config(config);
}

std::optional<double> figure_of(const LevelReport& level, const std::string& metric) {
  return metric == "miou"                      ? level.miou
         : metric == "miou_without_background" ? level.miou_without_background
         : metric == "pixel_accuracy"          ? level.pixel_accuracy
         : metric == "mean_class_accuracy"     ? level.mean_class_accuracy
                                               : level.ece;
}

// Every figure of a run, shares in percent.
std::map<PaperColumn, double> figures_of(const RunSummary& run) {
  std::map<PaperColumn, double> figures;
  const auto add = [&figures](const std::string& metric, const std::string& level, double factor,
                              const std::optional<double>& value) {
    if (value) {
      figures[{metric, level}] = factor * *value;
    }
  };
  const std::vector<LevelReport>& levels = run.evaluation.report.levels;
  for (const LevelReport& level : levels) {
    const bool finest = level.level == static_cast<int>(levels.size());
    for (const std::string& metric : level_metrics()) {
      add(metric, finest ? "leaf" : std::to_string(level.level), 100, figure_of(level, metric));
    }
  }
  for (const PlaceFigure& figure : root_middle_leaf()) {
    add(figure.metric, "", 100, figure.share(run.evaluation.report));
  }
  add("parameters", "", 1, run.parameters);
  add("training_images_per_second", "", 1, run.training_images_per_second);
  add("evaluation_images_per_second", "", 1, run.evaluation_images_per_second);
  return figures;
}

void check_seeds(const std::vector<const RunSummary*>& runs) {
  const RunSummary& first = *runs.front();
  const auto fail = [](const RunSummary& a, const RunSummary& b, const std::string& what) {
    throw DataError(a.folder.string() + " and " + b.folder.string() + " share the name " + a.name + ", " +
                    what);
  };
  for (std::size_t i = 1; i < runs.size(); ++i) {
    if (config_without_seed(first.config) != config_without_seed(runs[i]->config) ||
        comparable_of(first) != comparable_of(*runs[i]) ||
        first.evaluation.mode != runs[i]->evaluation.mode) {
      fail(first, *runs[i],
           "but differ in more than their seed (diff their config.yaml, and split, resolution, inference "
           "and corruption in metrics.json); give their folders different names");
    }
    for (std::size_t j = 0; j < i; ++j) {
      if (runs[j]->config.seed == runs[i]->config.seed) {
        fail(*runs[j], *runs[i], "and have one seed, " + std::to_string(runs[i]->config.seed) +
                                     "; a mean is over different seeds");
      }
    }
  }
}

PaperRow row_of(const std::vector<const RunSummary*>& runs) {
  check_seeds(runs);
  const RunSummary& first = *runs.front();
  PaperRow row;
  row.name = first.name;
  row.network = network_of(first.config);
  row.loss = loss_of(first.config);
  row.decode = first.evaluation.mode;
  row.dataset = data_of(first);
  row.split = context_of(first, "split");
  row.runs = static_cast<int>(runs.size());
  row.comparable = comparable_of(first);
  std::map<PaperColumn, Moments> moments;
  std::vector<std::string> folders;
  for (const RunSummary* run : runs) {
    folders.push_back(run->folder.string());
    for (const auto& [column, value] : figures_of(*run)) {
      moments[column].add(value);
    }
  }
  row.source = c10::Join("; ", folders);
  for (const auto& [column, values] : moments) {
    const auto count = static_cast<double>(runs.size());
    if (values.weight != count) {
      continue;  // a mean over fewer seeds than the row says would not be the row's
    }
    PaperCell& cell = row.cells[column];
    cell.value = values.mean;
    cell.decimals = column.first == "parameters" ? 0 : column.first.ends_with("_per_second") ? 1 : 2;
    if (runs.size() > 1 && column.first != "parameters") {
      cell.deviation = std::sqrt(values.squares / (count - 1));
    }
  }
  return row;
}

}  // namespace

std::vector<PaperRow> run_rows(const std::vector<RunSummary>& runs) {
  std::vector<std::vector<const RunSummary*>> groups;
  for (const RunSummary& run : runs) {
    const auto found = std::find_if(groups.begin(), groups.end(), [&](const auto& group) {
      return group.front()->name == run.name;
    });
    (found == groups.end() ? groups.emplace_back() : *found).push_back(&run);
  }
  std::vector<PaperRow> rows;
  std::transform(groups.begin(), groups.end(), std::back_inserter(rows), row_of);
  return rows;
}

}  // namespace gyroseg
