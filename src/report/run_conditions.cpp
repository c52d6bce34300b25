#include "run_conditions.h"

#include <c10/util/StringUtil.h>

#include <algorithm>

#include "gyroseg/hierarchy/hierarchy.h"

namespace gyroseg {
namespace {

struct RunCondition {
  std::string name;
  std::string value;
  std::string shown;  ///< the value for people; "" where a column shows it
};

// The paths of the leaves say where every node is; copies are no part of them.
RunCondition tree_condition(const RunSummary& run) {
  const Hierarchy tree(run.config.hierarchy);
  std::vector<std::string> paths;
  for (int leaf = 0; leaf < tree.num_leaves(); ++leaf) {
    paths.push_back(tree.path(leaf));
  }
  std::sort(paths.begin(), paths.end());
  return {"tree", c10::Join("\n", paths),
          c10::str(paths.size(), " leaves in ", tree.num_levels(), " levels")};
}

std::string background_leaves(const MetricsReport& report) {
  std::vector<std::string> names;
  if (!report.levels.empty()) {
    for (const ClassReport& cls : report.levels.back().classes) {
      if (cls.is_background) {
        names.push_back(cls.name);
      }
    }
  }
  std::sort(names.begin(), names.end());
  return names.empty() ? "none" : c10::Join(", ", names);
}

std::string inference_settings(const RunSummary& run) {
  const std::string window = context_of(run, "inference.window", "null");
  const std::string stride = context_of(run, "inference.stride");
  return c10::str("window ", window, stride.empty() ? "" : " by ", stride, ", scales ",
                  context_of(run, "inference.scales", "[1]"), ", flip ",
                  context_of(run, "inference.flip", "false"));
}

std::vector<RunCondition> conditions_of(const RunSummary& run) {
  const auto told = [](const char* name, const std::string& value) {
    return RunCondition{name, value, value};
  };
  const auto& [height, width] = run.config.data.image_size;
  return {{"data", data_of(run), ""},
          {"split", context_of(run, "split"), ""},
          tree_condition(run),
          told("background", background_leaves(run.evaluation.report)),
          told("image size", c10::str(height, " x ", width)),
          told("resolution", context_of(run, "resolution", run.config.metrics.resolution)),
          told("inference", inference_settings(run))};
}

// Names of the runs of one value.
struct Side {
  RunCondition condition;
  std::vector<std::string> names;
};

void add_to_side(std::vector<Side>& sides, const RunCondition& condition, const std::string& name) {
  auto side = std::find_if(sides.begin(), sides.end(),
                           [&](const Side& s) { return s.condition.value == condition.value; });
  if (side == sides.end()) {
    side = sides.insert(side, {condition, {}});
  }
  if (std::find(side->names.begin(), side->names.end(), name) == side->names.end()) {
    side->names.push_back(name);  // once for all its seeds
  }
}

}  // namespace

std::string data_of(const RunSummary& run) {
  const std::string corruption = context_of(run, "corruption");
  return c10::str(run.config.data.root, corruption.empty() ? "" : ", ", corruption);
}

std::string context_of(const RunSummary& run, const std::string& key, const std::string& otherwise) {
  const auto found = run.evaluation.context.find(key);
  return found == run.evaluation.context.end() ? otherwise : found->second;
}

std::string comparable_of(const RunSummary& run) {
  std::vector<std::string> values;
  for (const RunCondition& condition : conditions_of(run)) {
    values.push_back(condition.value);
  }
  return c10::Join("\n\n", values);
}

std::vector<std::string> condition_notes(const std::vector<RunSummary>& runs) {
  std::vector<std::vector<Side>> conditions;  // by condition
  for (const RunSummary& run : runs) {
    const std::vector<RunCondition> own = conditions_of(run);
    conditions.resize(own.size());
    for (std::size_t i = 0; i < own.size(); ++i) {
      add_to_side(conditions[i], own[i], run.name);
    }
  }
  std::vector<std::string> notes;
  for (const std::vector<Side>& sides : conditions) {
    const RunCondition& first = sides.front().condition;
    if (sides.size() == 1 || first.shown.empty()) {
      continue;
    }
    std::vector<std::string> texts;
    for (const Side& side : sides) {
      texts.push_back(side.condition.shown + " (" + c10::Join(", ", side.names) + ")");
    }
    notes.push_back("Runs differ in " + first.name + ": " + c10::Join("; ", texts) + ".");
  }
  return notes;
}

}  // namespace gyroseg
