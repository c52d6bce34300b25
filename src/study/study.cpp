#include "gyroseg/study/study.h"

#include <algorithm>
#include <charconv>
#include <sstream>

#include "gyroseg/config/read.h"
#include "gyroseg/data/file_bytes.h"
#include "gyroseg/data/image_io.h"
#include "gyroseg/training/run_folder.h"

namespace gyroseg {
namespace {

namespace fs = std::filesystem;

// 0.0005 rather than 5e-04.
std::string shortest(double number) {
  char buffer[512];
  return {buffer, std::to_chars(buffer, buffer + sizeof buffer, number, std::chars_format::fixed).ptr};
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) {
    lines.push_back(line);
  }
  return lines;
}

// The lines of one text that the other lacks.
std::string missing_lines(const std::vector<std::string>& from, const std::vector<std::string>& in,
                          const std::string& mark) {
  std::string text;
  for (const std::string& line : from) {
    if (std::find(in.begin(), in.end(), line) == in.end()) {
      text += "\n  " + mark + " " + line;
    }
  }
  return text;
}

void refuse_other_config(const fs::path& folder, const Config& config) {
  // First weights and GPUs need not be on this machine any more.
  Config stored = read_config(folder / "config.yaml", without_network());
  Config wanted = config;
  wanted.device = stored.device;
  wanted.model.pretrained = wanted.classifier.prototypes = wanted.training.init_from = "";
  wanted.name = stored.name;
  const std::string there = write_config(stored);
  const std::string now = write_config(wanted);
  if (there != now) {
    const std::vector<std::string> before = lines_of(there);
    const std::vector<std::string> after = lines_of(now);
    throw ConfigError(folder.string() + ": made by another config than the plan's; remove it to train "
                      "again, or take another --output and --work:" +
                      missing_lines(before, after, "-") + missing_lines(after, before, "+"));
  }
}

constexpr const char* kDivergedMark = "diverged";

void make_run_folder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) {
    throw DataError(folder.string() + ": cannot make the folder: " + error.message());
  }
}

const char* marking_file(const StudyRun& run) { return run.tuning ? "metrics.jsonl" : "metrics.json"; }

}  // namespace

std::vector<StudyRun> tuning_runs(const TopologyPlan& plan, const StudyArm& arm) {
  std::vector<StudyRun> runs;
  for (const double lr : plan.tuning.lr) {
    runs.push_back({arm.name + "_lr" + shortest(lr), &arm, plan.tuning.seed, lr, true});
  }
  return runs;
}

std::vector<StudyRun> measured_runs(const TopologyPlan& plan, const StudyArm& arm,
                                    const std::optional<double>& lr) {
  std::vector<StudyRun> runs;
  for (const std::uint64_t seed : plan.seeds) {
    runs.push_back({arm.name + "_seed" + std::to_string(seed), &arm, seed, lr, false});
  }
  return runs;
}

Config config_of(const TopologyPlan& plan, const StudyRun& run) {
  std::vector<std::string> more;
  if (run.tuning) {
    more = plan.tuning.overrides;
  }
  more.insert(more.end(), plan.on_top.begin(), plan.on_top.end());
  if (run.lr) {
    more.push_back("optimizer.lr=" + shortest(*run.lr));
  }
  more.push_back("seed=" + std::to_string(run.seed));
  more.push_back("name=" + plan.name + "_" + run.name);
  return config_of(plan, *run.arm, more);
}

RunState state_of(const StudyRun& run, const Config& config, const StudyFolders& folders) {
  if (is_kept(run, folders)) {
    refuse_other_config(folders.kept(run), config);
    return RunState::done;
  }
  const RunFolder working{folders.working(run)};
  const bool started = fs::exists(working.last());
  if (!started && (run.tuning || !fs::exists(working.best()) || !fs::exists(working.path / marking_file(run)))) {
    return RunState::missing;
  }
  refuse_other_config(working.path, config);
  return started ? RunState::started : RunState::trained;
}

bool is_kept(const StudyRun& run, const StudyFolders& folders) {
  return has_diverged(run, folders) || fs::exists(folders.kept(run) / marking_file(run));
}

bool is_done(const TopologyPlan& plan, const StudyRun& run, const StudyFolders& folders) {
  try {
    return state_of(run, config_of(plan, run), folders) == RunState::done;
  } catch (const ConfigError&) {
    return false;
  }
}

void keep_run(const StudyRun& run, const StudyFolders& folders) {
  const RunFolder working{folders.working(run)};
  const fs::path kept = folders.kept(run);
  std::error_code error;
  make_run_folder(kept);
  std::vector<std::string> files = {"config.yaml", "metrics.jsonl"};
  if (!run.tuning) {
    files.insert(files.end(), {"measures.csv", "metrics.json"});
  }
  for (const std::string& file : files) {
    write_bytes(kept / file, read_bytes(working.path / file));
  }
  if (run.tuning) {
    fs::remove_all(working.path, error);
  } else {
    fs::remove(working.last(), error);
    fs::remove(fs::path(working.last()).replace_extension(".json"), error);
  }
}

void keep_diverged(const StudyRun& run, const StudyFolders& folders) {
  const RunFolder working{folders.working(run)};
  const fs::path kept = folders.kept(run);
  make_run_folder(kept);
  write_bytes(kept / "config.yaml", read_bytes(working.config()));
  write_text(kept / kDivergedMark, "the loss stayed non-finite\n");
  const bool logged = fs::exists(working.metrics()) && fs::file_size(working.metrics()) > 0;
  write_bytes(kept / "metrics.jsonl", logged ? read_bytes(working.metrics()) : std::vector<std::uint8_t>{});
  std::error_code error;
  fs::remove_all(working.path, error);
}

bool has_diverged(const StudyRun& run, const StudyFolders& folders) {
  return fs::exists(folders.kept(run) / kDivergedMark);
}

}  // namespace gyroseg
