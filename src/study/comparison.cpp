#include "gyroseg/study/comparison.h"

#include <c10/util/StringUtil.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "gyroseg/config/read.h"
#include "gyroseg/report/csv.h"
#include "gyroseg/training/run_folder.h"

namespace gyroseg {
namespace {

namespace fs = std::filesystem;

/// corruption, measure, level
using Figure = std::tuple<std::string, std::string, int>;
using BySeed = std::map<std::uint64_t, double>;

std::vector<double> values_of(const BySeed& by_seed) {
  std::vector<double> values;
  for (const auto& [seed, value] : by_seed) {
    values.push_back(value);
  }
  return values;
}

std::vector<double> differences(const BySeed& own, const BySeed& twin) {
  std::vector<double> values;
  for (const auto& [seed, value] : own) {
    if (const auto other = twin.find(seed); other != twin.end()) {
      values.push_back(value - other->second);
    }
  }
  return values;
}

void adjust(ComparisonTable& table) {
  std::vector<double> p;
  for (const ArmFigure& row : table.rows) {
    if (row.difference && row.difference->p) {
      p.push_back(*row.difference->p);
    }
  }
  const std::vector<double> adjusted = holm(p);
  std::size_t next = 0;
  for (ArmFigure& row : table.rows) {
    if (row.difference && row.difference->p) {
      row.holm = adjusted[next++];
    }
  }
}

}  // namespace

StudyResults read_results(const TopologyPlan& plan, const std::vector<StudyArm>& arms,
                          const TunedRates& rates, const StudyFolders& folders) {
  StudyResults results;
  for (const StudyArm& arm : arms) {
    const auto rate = rates.find(arm.name);
    const bool tuned = rate != rates.end();
    for (const StudyRun& run : measured_runs(plan, arm, tuned ? rate->second.lr : std::nullopt)) {
      if (!is_kept(run, folders)) {
        results.missing.push_back(run.name);
        continue;
      }
      if (!tuned || !is_done(plan, run, folders)) {
        results.left_out.push_back(run.name);
        continue;
      }
      if (has_diverged(run, folders)) {
        results.diverged.push_back(run.name);
        continue;
      }
      const fs::path kept = folders.kept(run);
      const Config config = read_config(kept / "config.yaml", without_network());
      results.done.push_back({&arm, run.seed, config.optimizer.lr, read_measures(kept / "measures.csv")});
    }
  }
  return results;
}

std::string completeness(const StudyResults& results) {
  std::string text;
  const auto say = [&](const std::string& what, const std::vector<std::string>& names) {
    if (!names.empty()) {
      text.append(text.empty() ? "" : " ").append(what).append(": ").append(c10::Join(", ", names)).append(".");
    }
  };
  const std::size_t all = results.done.size() + results.missing.size() + results.diverged.size() +
                          results.left_out.size();
  if (!results.missing.empty()) {
    text = "UNFINISHED: " + std::to_string(results.done.size()) + " of " + std::to_string(all) +
           " runs; p values of an unfinished study are no test.";
  }
  say("Diverged, and so without figures (what is left of their arms is no fair sample)", results.diverged);
  say("Left out, as another config than the plan's made them, or no learning rate is tuned", results.left_out);
  return text;
}

std::string results_csv(const std::vector<StudyResult>& results) {
  std::string text = "run,arm,space,curvature,dim,loss,seed,lr,corruption,level,measure,value\n";
  for (const StudyResult& result : results) {
    const StudyArm& arm = *result.arm;
    const std::string seed = std::to_string(result.seed);
    const std::string head = arm.name + "_seed" + seed + "," + arm.name + "," + arm.space + "," +
                             arm.curvature + "," + (arm.dim > 0 ? std::to_string(arm.dim) : "") + "," +
                             arm.loss + "," + seed + "," + csv_cell(std::optional(result.lr)) + ",";
    for (const Measure& m : result.measures) {
      text += head + m.corruption + "," + (m.level > 0 ? std::to_string(m.level) : "") + "," + m.name +
              "," + csv_cell(m.value) + "\n";
    }
  }
  return text;
}

std::vector<ComparisonTable> compare_arms(const std::vector<StudyArm>& arms,
                                          const std::vector<StudyResult>& results) {
  std::map<std::string, std::map<Figure, BySeed>> values;  // by arm
  std::vector<std::pair<std::string, std::string>> order;  // corruption and measure
  std::vector<int> levels;
  for (const StudyResult& result : results) {
    for (const Measure& m : result.measures) {
      if (std::find(order.begin(), order.end(), std::pair(m.corruption, m.name)) == order.end()) {
        order.emplace_back(m.corruption, m.name);
      }
      if (std::find(levels.begin(), levels.end(), m.level) == levels.end()) {
        levels.push_back(m.level);
      }
      if (m.value) {
        values[result.arm->name][{m.corruption, m.name, m.level}][result.seed] = *m.value;
      }
    }
  }
  std::sort(levels.begin(), levels.end());
  std::set<std::string> references;
  for (const StudyArm& arm : arms) {
    if (arm.twin.empty()) {
      references.insert(arm.name);
    }
  }
  std::vector<ComparisonTable> tables;
  for (const auto& [corruption, measure] : order) {
    ComparisonTable table{corruption, measure, {}};
    for (const int level : levels) {
      const Figure figure{corruption, measure, level};
      for (const StudyArm& arm : arms) {
        const BySeed& own = values[arm.name][figure];
        if (own.empty()) {
          continue;
        }
        ArmFigure row{&arm, level, {}, student_t(values_of(own)), {}, {}};
        for (const auto& [seed, value] : own) {
          row.seeds.push_back(seed);
        }
        if (!arm.twin.empty() && measure != "prototype_nodes") {  // a count of the tree's
          const std::vector<double> pairs = differences(own, values[arm.twin][figure]);
          row.difference = pairs.empty() ? std::nullopt : std::optional(student_t(pairs));
          if (row.difference && !references.contains(arm.twin)) {
            row.difference->p.reset();
          }
        }
        table.rows.push_back(std::move(row));
      }
    }
    adjust(table);
    tables.push_back(std::move(table));
  }
  return tables;
}

}  // namespace gyroseg
