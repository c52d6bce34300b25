#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "gyroseg/report/line_chart.h"

namespace gyroseg {

/// The metrics.jsonl of a run, column by column.
///
///   Keys   the path of a number through the JSON, joined by '/': "lr", "train/total",
///          "train_std/total", "val/loss", "val/terms/tree_triplet", "val/modes/level_sum/2/miou",
///          "train_eval/loss". An element of a list of levels stands under its "level". Logs of
///          before the decode modes were kept have "val/levels/2/miou" alone
///   Values one a validation, NaN where the log has null or lacks the key
struct RunLog {
  std::string name;
  std::vector<double> epoch;  ///< epochs trained, a fraction where validation falls inside one
  std::map<std::string, std::vector<double>> values;

  /// NaN throughout where there is no such key.
  [[nodiscard]] std::vector<double> column(const std::string& key) const;
};

/// Reads a log. The last line may be cut off, as a crash leaves it: it is left out. Throws
/// DataError naming file and line: missing, empty, not JSON, no epoch; a log without a whole line.
[[nodiscard]] RunLog read_run_log(const std::filesystem::path& file, const std::string& name);

/// A chart and the name of its file, without extension; two may share it where loss labels differ
/// in signs only.
struct NamedChart {
  std::string file;
  LineChart chart;
};

/// One chart a quantity, all runs in each: the loss, its terms, mIoU of every level with background and,
/// where that is another number, without, learning rate, gradient norm, share of clipped embeddings,
/// learned curvature; those of which no run has a finite value are left out. Colours tell runs apart,
/// dashes training from validation data and, for mIoU, the decode modes: validation, by the first mode, is
/// solid in every chart. The losses of a single run have bands of a standard deviation: over steps in
/// training, over batches in validation. Throws c10::ValueError where two runs share a name.
[[nodiscard]] std::vector<NamedChart> run_charts(const std::vector<RunLog>& runs);

}  // namespace gyroseg
