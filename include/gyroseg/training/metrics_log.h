#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <ostream>
#include <string>

#include "gyroseg/hierarchy/hierarchy.h"
#include "gyroseg/metrics/moments.h"
#include "gyroseg/training/validate.h"

namespace gyroseg {

/// One validation as it is logged.
struct LogEntry {
  double epoch = 0;          ///< epochs trained, a fraction where validation falls inside one
  std::int64_t step = 0;     ///< optimiser steps made
  double learning_rate = 0;  ///< of the last step
  /// "total", every unweighted term, and "gradient_norm" before clipping: over steps.
  std::map<std::string, Moments> train_losses;
  const Validation* validation = nullptr;
  double train_seconds = 0;
  double validation_seconds = 0;
  bool best = false;
  std::optional<double> curvature = std::nullopt;  ///< c where it is learned
  std::int64_t parameters = 0;                     ///< numbers in all parameters of the network
  const Validation* train_evaluation = nullptr;    ///< of training.evaluate_train samples
};

/// metrics.jsonl and the table of epochs.
class MetricsLog {
 public:
  MetricsLog(std::filesystem::path file, std::ostream& table, int num_levels);

  /// Drops the lines past `step`, which a resumed run writes again.
  void rewind(std::int64_t step);

  void add(const LogEntry& entry);

 private:
  void print_row(const LogEntry& entry);

  std::filesystem::path file_;
  std::ostream& table_;
  int num_levels_;
  bool header_printed_ = false;
};

}  // namespace gyroseg
