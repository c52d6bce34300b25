// Which curves stand in which chart.

#include <c10/util/Exception.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "gyroseg/report/run_log.h"

namespace gyroseg {
namespace {

// Where the losses and figures of one data set stand in the log.
struct Source {
  std::string key;
  std::string kind;
};

// The first validations of a network may lose many times what later ones do.
constexpr double kManyTimes = 20;

const std::vector<Source>& evaluations() {
  static const std::vector<Source> sources = {{"val", "validation"}, {"train_eval", "training"}};
  return sources;
}

bool has_value(const std::vector<double>& column) {
  return std::any_of(column.begin(), column.end(), [](double v) { return std::isfinite(v); });
}

class ChartBuilder {
 public:
  ChartBuilder(const std::vector<RunLog>& runs, NamedChart chart)
      : runs_(runs), named_(std::move(chart)) {
    named_.chart.x_title = "epoch";
    for (const RunLog& run : runs) {
      named_.chart.names.push_back(run.name);
    }
    // Ticks at whole epochs, but where the only one was validated several times.
    for (const RunLog& run : runs) {
      const double last = *std::max_element(run.epoch.begin(), run.epoch.end());
      const bool whole = run.epoch.size() == 1 || last >= 2;
      named_.chart.x_least_step = whole ? 1 : named_.chart.x_least_step;
    }
  }

  // A curve of every run that has the key. deviation: key of the half width of its band, or "". Kinds get
  // their dashes in the order of these calls, also those without a curve, so that charts agree.
  void add(const std::string& key, const std::string& kind, const std::string& deviation = "") {
    for (const RunLog& run : runs_) {
      add(run, key, kind, deviation);
    }
  }

  void add(const RunLog& run, const std::string& key, const std::string& kind,
           const std::string& deviation = "") {
    std::vector<std::string>& kinds = named_.chart.kinds;
    if (!kind.empty() && std::find(kinds.begin(), kinds.end(), kind) == kinds.end()) {
      kinds.push_back(kind);
    }
    Series series = {run.name, kind, run.epoch, run.column(key)};
    if (!has_value(series.y)) {
      return;
    }
    const std::vector<double> width = run.column(deviation);
    if (runs_.size() == 1 && has_value(width)) {
      for (std::size_t i = 0; i < width.size(); ++i) {
        series.low.push_back(series.y[i] - width[i]);
        series.high.push_back(series.y[i] + width[i]);
      }
    }
    named_.chart.series.push_back(series);
  }

  void finish(std::vector<NamedChart>& charts) {
    if (!named_.chart.series.empty()) {
      // The last is drawn on top: the full markers of validation hide the least.
      std::reverse(named_.chart.series.begin(), named_.chart.series.end());
      charts.push_back(std::move(named_));
    }
  }

 private:
  const std::vector<RunLog>& runs_;
  NamedChart named_;
};

std::set<std::string> keys_below(const std::vector<RunLog>& runs, const std::string& path) {
  std::set<std::string> names;
  for (const RunLog& run : runs) {
    for (const auto& [key, column] : run.values) {
      if (key.starts_with(path)) {
        names.insert(key.substr(path.size(), key.find('/', path.size()) - path.size()));
      }
    }
  }
  return names;
}

bool has_modes(const RunLog& run) { return !keys_below({run}, "val/modes/").empty(); }

void add_losses(const std::vector<RunLog>& runs, std::vector<NamedChart>& charts) {
  const bool evaluated = std::any_of(runs.begin(), runs.end(), [](const RunLog& run) {
    return has_value(run.column("train_eval/loss"));
  });
  const std::string learning = evaluated ? "training, while learning" : "training";
  ChartBuilder loss(
      runs, {"loss", {.title = "Loss", .y_title = "total loss", .log_beyond = kManyTimes}});
  loss.add("val/loss", "validation", "val/loss_std");
  if (evaluated) {
    loss.add("train_eval/loss", "training, evaluated", "train_eval/loss_std");
  }
  loss.add("train/total", learning, "train_std/total");
  loss.finish(charts);

  for (const std::string& term : keys_below(runs, "val/terms/")) {
    ChartBuilder chart(runs, {"loss_" + figure_name(term),
                              {.title = "Loss term " + term,
                               .y_title = term + ", unweighted",
                               .log_beyond = kManyTimes}});
    chart.add("val/terms/" + term, "validation", "val/terms_std/" + term);
    if (evaluated) {
      chart.add("train_eval/terms/" + term, "training, evaluated", "train_eval/terms_std/" + term);
    }
    chart.add("train/" + term, learning, "train_std/" + term);
    chart.finish(charts);
  }
}

// Whether the mean of a level without background is another than that of all its classes.
bool background_matters(const RunLog& run, const std::string& level) {
  const std::string all_key = "/" + level + "/miou";
  const std::string suffix = "_without_background";
  for (const auto& [key, column] : run.values) {
    if (!key.ends_with(all_key + suffix)) {
      continue;
    }
    const std::vector<double> all = run.column(key.substr(0, key.size() - suffix.size()));
    for (std::size_t i = 0; i < column.size(); ++i) {
      if (std::isfinite(column[i]) && column[i] != all[i]) {
        return true;
      }
    }
  }
  return false;
}

// key: of a level's mean, such as "miou". A log that lacks "modes" has one curve, by the first mode of its
// run's config.
void add_level(const std::vector<RunLog>& runs, const std::string& level, const std::string& key,
               const std::string& title, std::vector<NamedChart>& charts) {
  const std::set<std::string> modes = keys_below(runs, "val/modes/");
  const auto kind_of = [&](const Source& source, const std::string& mode) {
    return modes.size() > 1 ? source.kind + ", " + mode : source.kind;
  };
  const std::string end = "/" + level + "/" + key;
  ChartBuilder chart(
      runs, {key + "_level" + level, {.title = title + ", level " + level, .y_title = title}});
  for (const std::string& mode : modes) {
    for (const Source& source : evaluations()) {
      chart.add(source.key + "/modes/" + mode + end, kind_of(source, mode));
    }
  }
  for (const RunLog& run : runs) {
    for (const Source& source : evaluations()) {
      if (!has_modes(run)) {
        chart.add(run, source.key + "/levels" + end, kind_of(source, "first decode mode"));
      }
    }
  }
  chart.finish(charts);
}

void add_miou(const std::vector<RunLog>& runs, std::vector<NamedChart>& charts) {
  std::size_t levels = 0;
  for (const RunLog& run : runs) {
    while (run.values.contains("val/levels/" + std::to_string(levels + 1) + "/level")) {
      ++levels;
    }
  }
  for (std::size_t level = 1; level <= levels; ++level) {
    const std::string k = std::to_string(level);
    add_level(runs, k, "miou", "mIoU", charts);
    if (std::any_of(runs.begin(), runs.end(),
                    [&](const RunLog& run) { return background_matters(run, k); })) {
      add_level(runs, k, "miou_without_background", "mIoU without background", charts);
    }
  }
}

void add_single(const std::vector<RunLog>& runs, std::vector<NamedChart>& charts) {
  struct Quantity {
    const char* key;
    const char* file;
    const char* title;
    const char* deviation;
  };
  for (const Quantity& quantity :
       {Quantity{"lr", "learning_rate", "Learning rate", ""},
        Quantity{"train/gradient_norm", "gradient_norm", "Gradient norm before clipping",
                 "train_std/gradient_norm"},
        Quantity{"val/clipped", "clipped", "Share of embeddings beyond what float32 points resolve", ""},
        Quantity{"curvature", "curvature", "Learned curvature", ""}}) {
    ChartBuilder chart(runs, {quantity.file, {.title = quantity.title, .y_title = quantity.title}});
    chart.add(quantity.key, "", quantity.deviation);
    chart.finish(charts);
  }
}

}  // namespace

std::vector<NamedChart> run_charts(const std::vector<RunLog>& runs) {
  std::set<std::string> names;
  for (const RunLog& run : runs) {
    TORCH_CHECK_VALUE(names.insert(run.name).second, "run_charts: two runs are named ", run.name);
  }
  std::vector<NamedChart> charts;
  add_losses(runs, charts);
  add_miou(runs, charts);
  add_single(runs, charts);
  return charts;
}

}  // namespace gyroseg
