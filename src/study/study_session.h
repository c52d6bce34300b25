#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "gyroseg/report/progress.h"
#include "gyroseg/study/child_process.h"
#include "gyroseg/study/run_study.h"

namespace gyroseg {

/// Makes the runs of a study, and says how far the whole of it is. Safe to call from several threads.
class StudySession {
 public:
  struct Runs {
    std::int64_t all = 0;
    std::int64_t kept = 0;  ///< of them, from before
  };

  StudySession(const TopologyPlan& plan, const StudyOptions& options, const Runs& runs, std::ostream& out)
      : plan_(plan), options_(options), runs_(runs), out_(out) {}

  /// Every run that is not done, options.jobs at once, begun in their order.
  void make_all(const std::vector<StudyRun>& runs);

  void fail(const StudyRun& run, const std::string& what);
  void say(const std::string& line);

  [[nodiscard]] const StudyOutcome& outcome() const { return outcome_; }
  /// Whether an interrupt came; nothing more is begun then.
  [[nodiscard]] bool interrupted();

 private:
  struct Active {
    std::int64_t part = 0;  ///< of kRunUnits
    std::string line;       ///< train's own
  };

  void make(const StudyRun& run);
  void train_and_measure(const StudyRun& run);
  [[nodiscard]] bool train(const StudyRun& run, RunState state);
  void measure_and_keep(const StudyRun& run);
  void start(const StudyRun& run, const Config& config) const;
  [[nodiscard]] ChildResult child(const StudyRun& run, const std::vector<std::string>& arguments,
                                  bool training);
  [[nodiscard]] bool succeeded(const StudyRun& run, const ChildResult& result, const std::string& what);
  void show(const StudyRun& run, const std::string& line, bool training);
  [[nodiscard]] std::filesystem::path given(const StudyRun& run) const;
  [[nodiscard]] std::filesystem::path log_of(const StudyRun& run) const;

  const TopologyPlan& plan_;
  const StudyOptions& options_;
  Runs runs_;
  std::ostream& out_;

  std::mutex mutex_;  ///< of all below, and of out_
  StudyOutcome outcome_;
  std::int64_t begun_ = 0;  ///< in this session, as is ended_
  std::int64_t ended_ = 0;
  std::map<std::string, Active> active_;
  std::optional<Progress> progress_;  ///< begins with the first run that is not done
};

}  // namespace gyroseg
