#include "gyroseg/report/paper_table.h"

#include <c10/util/StringUtil.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <sstream>

#include "gyroseg/config/read.h"
#include "gyroseg/data/image_io.h"
#include "gyroseg/hierarchy/hierarchy.h"
#include "gyroseg/metrics/moments.h"

namespace gyroseg {
namespace {

constexpr const char* kNotStated = "not stated";

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
std::string without_seed(Config config) {
  config.seed = 0;
  config.name = "run";
  config.output_dir = "runs";
  return write_config(config);
}

std::string context_of(const RunSummary& run, const std::string& key) {
  const auto found = run.evaluation.context.find(key);
  return found == run.evaluation.context.end() ? "" : found->second;
}

std::string comparable_of(const RunSummary& run) {
  const DataConfig& data = run.config.data;
  const Hierarchy tree(run.config.hierarchy);
  const std::vector<std::string> same = {"run",
                                         data.root,
                                         std::to_string(data.image_size[0]),
                                         std::to_string(data.image_size[1]),
                                         context_of(run, "split"),
                                         context_of(run, "resolution"),
                                         describe(tree)};
  return c10::Join("\n", same);
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
  const std::vector<LevelReport>& levels = run.evaluation.report.levels;
  for (const LevelReport& level : levels) {
    const bool finest = level.level == static_cast<int>(levels.size());
    for (const std::string& metric : level_metrics()) {
      if (const std::optional<double> share = figure_of(level, metric)) {
        figures[{metric, finest ? "leaf" : std::to_string(level.level)}] = 100 * *share;
      }
    }
  }
  if (run.parameters) {
    figures[{"parameters", ""}] = *run.parameters;
  }
  if (run.images_per_second) {
    figures[{"images_per_second", ""}] = *run.images_per_second;
  }
  return figures;
}

void check_seeds(const std::vector<const RunSummary*>& runs) {
  const RunSummary& first = *runs.front();
  for (std::size_t i = 1; i < runs.size(); ++i) {
    const std::string both = first.folder.string() + " and " + runs[i]->folder.string() +
                             " share the name " + first.name + ", ";
    if (without_seed(first.config) != without_seed(runs[i]->config) ||
        comparable_of(first) != comparable_of(*runs[i]) ||
        first.evaluation.mode != runs[i]->evaluation.mode) {
      throw DataError(both +
                      "but differ in more than their seed (diff their config.yaml, and split and "
                      "resolution in metrics.json); give their folders different names");
    }
    for (std::size_t j = 0; j < i; ++j) {
      if (runs[j]->config.seed == runs[i]->config.seed) {
        throw DataError(both + "and have one seed, " + std::to_string(first.config.seed) +
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
  row.dataset = first.config.data.root;
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
    cell.decimals = column.first == "parameters" ? 0 : column.first == "images_per_second" ? 1 : 2;
    if (runs.size() > 1 && column.first != "parameters") {
      cell.deviation = std::sqrt(values.squares / (count - 1));
    }
  }
  return row;
}

PaperCell cell_of(const PublishedFigure& figure) {
  PaperCell cell;
  const double factor = figure.unit == "share" ? 100 : figure.unit == "millions" ? 1e6 : 1;
  cell.value = factor * *figure.value;
  cell.decimals = figure.unit == "share"      ? std::max(0, figure.decimals - 2)
                  : figure.unit == "millions" ? 0
                                              : figure.decimals;
  return cell;
}

// "2" is "leaf" where it is the finest level.
std::string level_of(const PublishedFigure& figure, int num_levels) {
  return figure.level == std::to_string(num_levels) ? "leaf" : figure.level;
}

// A figure of a metric that the tables have no column for.
std::string note_of(const PublishedFigure& figure) {
  std::ostringstream note;
  note << "Published (" << figure.source << ", " << figure.table_or_page << "): " << figure.model
       << (figure.loss.empty() ? "" : ", " + figure.loss) << ", " << figure.dataset << ", "
       << figure.split << ": " << figure.metric.substr(6);
  if (!figure.level.empty()) {
    note << " at level " << figure.level;
  }
  if (figure.value) {
    note << " " << *figure.value << " " << figure.unit;
  } else {
    note << " (no number printed)";
  }
  return note.str();
}

void add_published(const std::vector<PublishedFigure>& published, int num_levels,
                   PaperTable& table) {
  std::map<std::vector<std::string>, std::size_t> rows;
  std::map<std::size_t, std::vector<std::string>> places;
  for (const PublishedFigure& figure : published) {
    if (figure.metric.starts_with("other:")) {
      table.notes.push_back(note_of(figure));
      continue;
    }
    const std::vector<std::string> key = {figure.source, figure.dataset, figure.split, figure.model,
                                          figure.loss};
    const auto [found, is_new] = rows.emplace(key, table.rows.size());
    if (is_new) {
      const bool stated = figure.dataset != kNotStated && figure.split != kNotStated;
      const std::vector<std::string> same = {"published", figure.dataset, figure.split,
                                             stated ? "" : figure.source};
      table.rows.push_back({true, figure.model, "", figure.loss, "", figure.dataset, figure.split,
                            figure.source, 1, {}, c10::Join("\n", same)});
    }
    PaperRow& row = table.rows[found->second];
    std::vector<std::string>& known = places[found->second];
    if (std::find(known.begin(), known.end(), figure.table_or_page) == known.end()) {
      known.push_back(figure.table_or_page);
      row.source = figure.source + ", " + c10::Join("; ", known);
    }
    if (figure.value) {
      row.cells[{figure.metric, level_of(figure, num_levels)}] = cell_of(figure);
    }
  }
}

// Both mIoUs, and whatever else is published, at every level that any row has.
std::vector<PaperColumn> columns_of(const PaperTable& table, int num_levels) {
  std::set<PaperColumn> any;
  std::set<std::string> metrics = {"miou", "miou_without_background"};
  for (const PaperRow& row : table.rows) {
    for (const auto& [column, cell] : row.cells) {
      any.insert(column);
      if (row.published) {
        metrics.insert(column.first);
      }
    }
  }
  std::vector<PaperColumn> columns;
  for (const std::string& metric : level_metrics()) {
    for (int k = 1; k <= num_levels; ++k) {
      const PaperColumn column{metric, k == num_levels ? "leaf" : std::to_string(k)};
      if (metrics.contains(metric) && any.contains(column)) {
        columns.push_back(column);
      }
    }
  }
  for (const std::string metric : {"parameters", "images_per_second"}) {
    if (any.contains({metric, ""})) {
      columns.emplace_back(metric, "");
    }
  }
  return columns;
}

// Marks the best of comparable rows; equal ones all, one alone not.
void mark_best(PaperTable& table) {
  for (const PaperColumn& column : table.columns) {
    if (column.second.empty()) {
      continue;  // neither many parameters nor few are better, and speeds are those of a moment
    }
    const double sign = column.first == "ece" ? -1 : 1;
    std::map<std::string, std::vector<PaperCell*>> groups;
    for (PaperRow& row : table.rows) {
      if (const auto found = row.cells.find(column); found != row.cells.end()) {
        groups[row.comparable].push_back(&found->second);
      }
    }
    for (const auto& [key, cells] : groups) {
      double best = -INFINITY;
      for (const PaperCell* cell : cells) {
        best = std::max(best, sign * cell->value);
      }
      for (PaperCell* cell : cells) {
        cell->best = cells.size() > 1 && sign * cell->value >= best - 1e-9;
      }
    }
  }
}

}  // namespace

PaperTable paper_table(const std::string& title, const std::vector<RunSummary>& runs,
                       const std::vector<PublishedFigure>& published) {
  PaperTable table;
  table.title = title;
  int num_levels = 1;
  std::vector<std::vector<const RunSummary*>> groups;
  for (const RunSummary& run : runs) {
    num_levels = std::max(num_levels, static_cast<int>(run.evaluation.report.levels.size()));
    const auto found = std::find_if(groups.begin(), groups.end(), [&](const auto& group) {
      return group.front()->name == run.name;
    });
    (found == groups.end() ? groups.emplace_back() : *found).push_back(&run);
  }
  for (const PublishedFigure& figure : published) {
    if (!figure.level.empty() && figure.level != "leaf") {
      num_levels = std::max(num_levels, figure.level[0] - '0');
    }
  }
  for (const auto& group : groups) {
    table.rows.push_back(row_of(group));
  }
  if (!runs.empty()) {
    table.notes.emplace_back(
        "images/s is the speed of training in the fastest stretch between two validations, on the "
        "machine of the run.");
  }
  add_published(published, num_levels, table);
  table.columns = columns_of(table, num_levels);
  mark_best(table);
  return table;
}

}  // namespace gyroseg
