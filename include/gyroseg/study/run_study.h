#pragma once

#include <filesystem>
#include <ostream>
#include <string>
#include <vector>

#include "gyroseg/study/study.h"

namespace gyroseg {

struct StudyOptions {
  StudyFolders folders;
  std::filesystem::path train;    ///< the program `train`
  std::filesystem::path measure;  ///< called as: measure --measure RUN --corruptions a,b
  int jobs = 1;                   ///< runs at once
  bool terminal = false;          ///< draw a progress bar in place
};

struct StudyOutcome {
  std::vector<std::string> failed;  ///< "RUN: what went wrong, and which log says more"
  bool interrupted = false;
};

/// Trains, tunes and measures every run of the arms that is not done yet, one process a training, options.jobs
/// at once: a crash of
/// one, or its running out of memory, loses nothing of the others. An interrupt (InterruptGuard) ends the
/// present run at its next step, saved; a later call goes on with it. Runs made by another config are
/// failures and left alone. Writes tuned.csv.
[[nodiscard]] StudyOutcome run_study(const TopologyPlan& plan, const std::vector<StudyArm>& arms,
                                     const StudyOptions& options, std::ostream& out);

/// A line a run: its name and state. Touches nothing. Runs that wait for the tuning of their learning rate
/// are said to.
[[nodiscard]] std::string describe_study(const TopologyPlan& plan, const std::vector<StudyArm>& arms,
                                         const StudyFolders& folders);

}  // namespace gyroseg
