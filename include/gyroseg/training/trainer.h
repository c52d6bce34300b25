#pragma once

#include <filesystem>
#include <memory>
#include <ostream>
#include <string>

#include "gyroseg/config/config.h"
#include "gyroseg/data/dataset.h"
#include "gyroseg/data/loader.h"
#include "gyroseg/report/progress.h"
#include "gyroseg/training/assembly.h"
#include "gyroseg/training/checkpoint.h"
#include "gyroseg/training/event_log.h"
#include "gyroseg/training/metrics_log.h"
#include "gyroseg/training/nonfinite.h"
#include "gyroseg/training/process_group.h"
#include "gyroseg/training/run_folder.h"
#include "gyroseg/training/validate.h"

namespace gyroseg {

struct TrainOptions {
  bool resume = false;                 ///< go on from last.safetensors of the run folder
  std::int64_t stop_after = 0;         ///< save and stop after this many steps of this session; 0 = off
  bool terminal = false;               ///< draw a progress bar in place
  std::filesystem::path config_file = {};  ///< of the user, kept in the run folder; "" = none
};

enum class TrainOutcome {
  finished,
  early_stop,   ///< training.early_stopping validations without improvement
  interrupted,  ///< Ctrl-C or stop_after; --resume goes on
  diverged      ///< training.max_nonfinite non-finite losses or gradients in a row
};

/// Exit status of `train` where it diverged.
inline constexpr int kDivergedStatus = 3;

/// The training loop of one run.
///
///   Equal results  a run stopped at any step and resumed equals the run that was not, bit for bit, on
///                  one machine and one thread count: every random draw is a function of the seed and
///                  the step, and all sums that go on are in the checkpoint
///   Processes      each trains on its share of every batch, with the same result in all of them
///                  (training/data_parallel.h); a resumed run equals the uninterrupted one for the
///                  same number of processes. Rank 0 alone writes files; all read the checkpoint on
///                  resuming
///   Writes         the files of RunFolder; the table of epochs to `table`, progress to `progress`
///   Throws         ConfigError, DataError, CheckpointError, LostProcess
class Trainer {
 public:
  /// Reads the data's lists and the checkpoint, or begins the run folder: whatever is wrong with the
  /// user's files is thrown here, before anything is trained.
  Trainer(Config config, RunFolder run, TrainOptions options, std::ostream& table,
          std::ostream& progress, ProcessGroup group = {});

  TrainOutcome run();

  [[nodiscard]] const TrainingState& state() const { return state_; }
  [[nodiscard]] Segmenter& model() { return model_; }

 private:
  void start();
  void save_last();
  void save_best();
  double step(const Batch& batch);
  Validation measure(Loader& loader);
  void validate_and_save();
  void show_panels();
  void show_embedding();
  void keep_embedding();
  bool improves(double value) const;
  [[nodiscard]] double best_value(const Validation& validation) const;
  [[nodiscard]] bool validation_due() const;
  [[nodiscard]] bool out_of_patience() const;
  [[nodiscard]] std::int64_t epoch() const { return state_.step / train_.batches_per_epoch(); }
  [[nodiscard]] TrainingObjects objects() { return {*model_, *optimizer_, average_.get()}; }

  Config config_;
  ProcessGroup group_;
  RunFolder run_;
  TrainOptions options_;
  std::ostream& progress_out_;
  Hierarchy tree_;
  SegmentationDataset train_set_;
  SegmentationDataset val_set_;
  Loader train_;
  Loader val_;
  std::unique_ptr<Loader> train_evaluation_;  ///< null: training.evaluate_train is 0
  Segmenter model_;
  Criterion criterion_;
  LabelDecoder decoder_;
  std::unique_ptr<torch::optim::Optimizer> optimizer_;
  std::unique_ptr<WeightAverage> average_;
  TrainingState state_;
  NonFiniteGuard nonfinite_;
  MetricsLog log_;
  std::unique_ptr<EventLog> events_;  ///< null: without training.tensorboard, and past rank 0
  std::int64_t shown_epoch_ = 0;      ///< epochs whose panels are drawn, or that were made before
  double train_seconds_ = 0;
  bool stop_asked_ = false;  ///< of any process
};

}  // namespace gyroseg
