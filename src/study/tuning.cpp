#include "gyroseg/study/tuning.h"

#include <c10/util/StringUtil.h>

#include <algorithm>
#include <cmath>

#include "gyroseg/config/read.h"
#include "gyroseg/data/image_io.h"
#include "gyroseg/report/csv.h"
#include "gyroseg/report/run_log.h"

namespace gyroseg {
namespace {

namespace fs = std::filesystem;

// Validation mIoU of the leaves, the best of a kept run; nothing where it diverged.
std::optional<double> score_of(const StudyRun& run, const StudyFolders& folders) {
  if (has_diverged(run, folders)) {
    return std::nullopt;
  }
  const fs::path folder = folders.kept(run);
  const Config config = read_config(folder / "config.yaml", without_network());
  const int leaf_level = Hierarchy(config.hierarchy).num_levels();
  const RunLog log = read_run_log(folder / "metrics.jsonl", run.name);
  std::optional<double> best;
  for (const double miou : log.column("val/modes/" + config.decode.front() + "/" +
                                      std::to_string(leaf_level) + "/miou")) {
    best = std::isfinite(miou) ? std::max(best.value_or(miou), miou) : best;
  }
  if (!best) {
    throw DataError((folder / "metrics.jsonl").string() + ": no validation mIoU of the leaves");
  }
  return best;
}

}  // namespace

std::optional<TunedRate> tuned_rate(const TopologyPlan& plan, const StudyArm& arm,
                                    const StudyFolders& folders) {
  const std::vector<StudyRun> runs = tuning_runs(plan, arm);
  if (runs.empty()) {
    return TunedRate{};
  }
  TunedRate tuned;
  std::optional<double> best;
  std::vector<std::optional<double>> scores;
  for (const StudyRun& run : runs) {
    if (!is_done(plan, run, folders)) {
      return std::nullopt;
    }
    scores.push_back(score_of(run, folders));
    if (scores.back() && (!best || *scores.back() > *best)) {
      best = scores.back();
      tuned.lr = run.lr;
    }
  }
  if (!best) {
    return std::nullopt;
  }
  const auto [least, most] = std::minmax_element(plan.tuning.lr.begin(), plan.tuning.lr.end());
  tuned.outermost = tuned.lr == *least || tuned.lr == *most;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    tuned.rows += arm.name + "," + csv_cell(runs[i].lr) + "," + std::to_string(runs[i].seed) + "," +
                  csv_cell(scores[i]) + "," + (runs[i].lr == tuned.lr ? "yes" : "no") + "\n";
  }
  return tuned;
}

TunedRates tuned_rates(const TopologyPlan& plan, const std::vector<StudyArm>& arms,
                       const StudyFolders& folders) {
  TunedRates rates;
  for (const StudyArm& arm : arms) {
    if (std::optional<TunedRate> tuned = tuned_rate(plan, arm, folders)) {
      rates.emplace(arm.name, std::move(*tuned));
    }
  }
  return rates;
}

std::string outermost_rates(const std::vector<StudyArm>& arms, const TunedRates& rates) {
  std::vector<std::string> names;
  for (const StudyArm& arm : arms) {
    if (const auto rate = rates.find(arm.name); rate != rates.end() && rate->second.outermost) {
      names.push_back(arm.name);
    }
  }
  return names.empty() ? ""
                       : "The best learning rate of these arms is the least or the largest that was tried, so that a "
                         "better one may lie beyond it: " + c10::Join(", ", names) + ".";
}

}  // namespace gyroseg
