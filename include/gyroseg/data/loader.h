#pragma once

#include <torch/types.h>

#include <condition_variable>
#include <cstdint>
#include <exception>
#include <map>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>
#include <vector>

#include "gyroseg/data/dataset.h"

namespace gyroseg {

struct Batch {
  torch::Tensor images;               ///< [B,3,H,W] float32, normalised
  torch::Tensor labels;               ///< [B,H,W] int64, node indices or kIgnored
  std::vector<std::int64_t> indices;  ///< of the samples in the data set
};

struct LoaderOptions {
  int batch_size = 8;
  int threads = 0;   ///< prefetching threads; 0 loads in the thread that calls next()
  int prefetch = 2;  ///< whole batches held ready, at least one a thread
  std::uint64_t seed = 0;
  bool shuffle = false;
  bool augment = false;        ///< data.augment, drawn from (seed, epoch, index)
  bool drop_last = false;      ///< leave out a last, shorter batch
  bool channels_last = false;  ///< memory format of the images
  int rank = 0;                ///< which part of the batches this loader gives, in [0, parts)
  int parts = 1;               ///< loaders that give the batches together
  bool whole_batches = false;  ///< a part is every parts-th batch; else a run of each one's samples
  std::int64_t samples = 0;    ///< > 0: at most this many, spread evenly over the data set
};

/// Batches of a data set. The batches of an epoch are a function of (data set, options but for
/// threads and prefetch, epoch): the same for any number of threads, and from whichever batch an
/// epoch is begun. With several parts, those of all ranks together are the batches of one: the
/// sizes of a batch's parts differ by at most 1, and are 0 where it has fewer samples than there are
/// parts. One thread calls start_epoch and next.
class Loader {
 public:
  /// The data set must outlive the loader. Throws c10::ValueError on an option out of range.
  Loader(const SegmentationDataset& dataset, const LoaderOptions& options);
  /// Stops the threads, also in the middle of an epoch.
  ~Loader();
  Loader(const Loader&) = delete;
  Loader& operator=(const Loader&) = delete;

  /// Begins an epoch at batch first_batch in [0, batches_per_epoch()]; earlier batches are not
  /// loaded. What is left of the epoch before is dropped.
  void start_epoch(std::int64_t epoch, std::int64_t first_batch = 0);

  /// The next batch in order, or nothing at the end of the epoch and before the first. Throws
  /// DataError with the file's name where a sample cannot be loaded, at the batch that it belongs
  /// to; the epoch ends there.
  [[nodiscard]] std::optional<Batch> next();

  /// Of this rank. 0 where drop_last leaves out the only batch.
  [[nodiscard]] std::int64_t batches_per_epoch() const { return batches_; }

 private:
  struct Result {
    Batch batch;
    std::exception_ptr error;
  };
  struct Job {
    std::int64_t epoch = 0;
    std::int64_t batch = 0;
    std::uint64_t generation = 0;
    std::vector<std::int64_t> indices;
  };

  [[nodiscard]] std::vector<std::int64_t> indices_of(std::int64_t batch) const;
  [[nodiscard]] std::optional<Job> claim(const std::stop_token& stop);
  [[nodiscard]] Result load(const Job& job, const std::stop_token& stop) const;
  void work(const std::stop_token& stop);

  const SegmentationDataset& dataset_;
  LoaderOptions options_;
  std::int64_t samples_ = 0;   ///< of an epoch, of all parts
  std::int64_t batches_ = 0;
  std::int64_t capacity_ = 0;  ///< batches claimed or ready at most

  mutable std::mutex mutex_;  ///< guards what follows
  std::condition_variable_any may_claim_;
  std::condition_variable_any is_ready_;
  std::vector<std::int64_t> order_;
  std::int64_t epoch_ = 0;
  std::uint64_t generation_ = 0;  ///< of start_epoch calls: results of an older one are dropped
  std::int64_t claimed_ = 0;      ///< next batch that a thread takes
  std::int64_t consumed_ = 0;     ///< next batch that next() returns
  std::map<std::int64_t, Result> ready_;
  std::vector<std::jthread> threads_;
};

}  // namespace gyroseg
