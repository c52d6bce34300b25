#include "study_session.h"

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <thread>

#include <c10/util/StringUtil.h>

#include "gyroseg/config/read.h"
#include "gyroseg/data/file_bytes.h"
#include "gyroseg/data/image_io.h"
#include "gyroseg/training/interrupt.h"
#include "gyroseg/training/run_folder.h"
#include "gyroseg/training/trainer.h"

namespace gyroseg {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kRunUnits = 1000;  // of a run, for the progress bar

struct Steps {
  std::int64_t made = 0;
  std::int64_t all = 0;
};

// Of train's own line, "step 20/400  epoch 1  loss 1.78 ...".
std::optional<Steps> steps_of(const std::string& line) {
  long long made = 0;
  long long all = 0;
  if (std::sscanf(line.c_str(), "step %lld/%lld", &made, &all) != 2 || all <= 0) {
    return std::nullopt;
  }
  return Steps{made, all};
}

}  // namespace

void StudySession::make_all(const std::vector<StudyRun>& runs) {
  std::atomic<std::size_t> next = 0;
  const auto work = [&] {
    for (std::size_t i = next++; i < runs.size() && !interrupted(); i = next++) {
      make(runs[i]);
    }
  };
  std::vector<std::jthread> others(std::max(1, options_.jobs) - 1);
  for (std::jthread& other : others) {
    other = std::jthread(work);
  }
  work();
}

void StudySession::make(const StudyRun& run) {
  try {
    train_and_measure(run);
  } catch (const std::exception& error) {
    fail(run, error.what());
  }
  const std::lock_guard lock(mutex_);
  ended_ += static_cast<std::int64_t>(active_.erase(run.name));
}

void StudySession::fail(const StudyRun& run, const std::string& what) {
  {
    const std::lock_guard lock(mutex_);
    outcome_.failed.push_back(run.name + ": " + what);
  }
  say(run.name + ": failed: " + what);
}

void StudySession::say(const std::string& line) {
  const std::lock_guard lock(mutex_);
  if (progress_) {
    progress_->clear();
  }
  out_ << "== " << line << std::endl;
}

bool StudySession::interrupted() {
  const std::lock_guard lock(mutex_);
  outcome_.interrupted = outcome_.interrupted || InterruptGuard::requested();
  return outcome_.interrupted;
}

void StudySession::train_and_measure(const StudyRun& run) {
  const Config config = config_of(plan_, run);
  const RunState state = state_of(run, config, options_.folders);
  if (state == RunState::done) {
    return;
  }
  std::int64_t place = 0;
  {
    const std::lock_guard lock(mutex_);
    place = runs_.kept + ++begun_;
    active_[run.name] = {};
    if (!progress_) {
      progress_.emplace(out_, options_.terminal, runs_.all * kRunUnits, runs_.kept * kRunUnits);
    }
  }
  const RunFolder working{options_.folders.working(run)};
  if (state == RunState::missing) {
    start(run, config);
  }
  const char* what = state == RunState::missing ? "training" : state == RunState::started ? "going on" : "measuring";
  say(run.name + " (" + std::to_string(place) + " of " + std::to_string(runs_.all) + "): " + what + " in " +
      working.path.string());
  if (state == RunState::trained || train(run, state)) {
    measure_and_keep(run);
  }
}

// Whether it is ready to be measured.
bool StudySession::train(const StudyRun& run, RunState state) {
  const RunFolder working{options_.folders.working(run)};
  // Its own config.yaml is written once the data have been read; until then the plan's is the config.
  std::vector<std::string> command = {options_.train.string()};
  if (state == RunState::started) {
    command.insert(command.end(), {"--resume", working.path.string()});
  } else {
    command.insert(command.end(), {"--config", given(run).string(), "--output", working.path.string()});
  }
  const ChildResult trained = child(run, command, /*training=*/true);
  if (trained.status == kDivergedStatus) {
    say(run.name + ": the loss stayed non-finite; " +
        (run.tuning ? "this rate has no score" : "the tables name it, without figures"));
    keep_diverged(run, options_.folders);
    return false;
  }
  if (!succeeded(run, trained, "train")) {
    return false;
  }
  return true;
}

void StudySession::measure_and_keep(const StudyRun& run) {
  const RunFolder working{options_.folders.working(run)};
  if (run.tuning || succeeded(run, child(run, {options_.measure.string(), "--measure", working.path.string(),
                                               "--corruptions", c10::Join(",", plan_.corruptions)},
                                         /*training=*/false),
                              "measuring")) {
    keep_run(run, options_.folders);
  }
}

fs::path StudySession::given(const StudyRun& run) const {
  return options_.folders.work / (run.name + ".yaml");
}

fs::path StudySession::log_of(const StudyRun& run) const { return options_.folders.working(run) / "log.txt"; }

// What a training left that ended before its first checkpoint is of no use.
void StudySession::start(const StudyRun& run, const Config& config) const {
  std::error_code error;
  const fs::path working = options_.folders.working(run);
  const RunFolder folder{working};
  for (const fs::path& file : {folder.config(), folder.metrics(), folder.best(),
                               fs::path(folder.best()).replace_extension(".json")}) {
    fs::remove(file, error);
  }
  fs::create_directories(working, error);
  if (error) {
    throw DataError(working.string() + ": cannot make the folder: " + error.message());
  }
  write_text(given(run), write_config(config));
}

ChildResult StudySession::child(const StudyRun& run, const std::vector<std::string>& arguments,
                                bool training) {
  const fs::path log = log_of(run);
  return run_child(arguments, log, [&] { show(run, last_line(log), training); });
}

bool StudySession::succeeded(const StudyRun& run, const ChildResult& result, const std::string& what) {
  if (result.interrupted) {
    const std::lock_guard lock(mutex_);
    outcome_.interrupted = true;
  } else if (result.status != 0) {
    const fs::path log = log_of(run);
    fail(run, what + " ended with status " + std::to_string(result.status) + ": " + last_line(log) + " (" +
                  log.string() + ")");
  }
  return !result.interrupted && result.status == 0;
}

// Measuring counts as the end of a run.
void StudySession::show(const StudyRun& run, const std::string& line, bool training) {
  const std::optional<Steps> steps = training ? steps_of(line) : std::nullopt;
  const std::int64_t part = !training ? kRunUnits - 1 : steps ? kRunUnits * steps->made / steps->all : 0;
  const std::lock_guard lock(mutex_);
  active_[run.name] = {std::clamp<std::int64_t>(part, 0, kRunUnits - 1),
                       steps ? ": " + line.substr(0, line.find("  ETA")) : ""};
  const std::int64_t ended = runs_.kept + ended_;
  std::int64_t units = ended * kRunUnits;
  std::string note = std::to_string(ended) + " of " + std::to_string(runs_.all) + " runs done  ";
  for (const auto& [name, active] : active_) {
    units += active.part;
    note += active_.size() == 1 ? name + active.line
                                : name + " " + std::to_string(100 * active.part / kRunUnits) + " %  ";
  }
  progress_->update(units, note);
}

}  // namespace gyroseg
