#include "gyroseg/data/loader.h"

#include <algorithm>
#include <numeric>
#include <string>
#include <utility>

#include "gyroseg/data/random.h"

namespace gyroseg {
namespace {

/// Whatever goes wrong with a sample is reported with its file.
void load_sample(const SegmentationDataset& dataset, std::int64_t index,
                 const Augmentation& augmentation, const torch::Tensor& image,
                 const torch::Tensor& labels) {
  try {
    dataset.load_into(index, augmentation, image, labels);
  } catch (const DataError&) {
    throw;
  } catch (const c10::Error& error) {
    throw DataError(dataset.files(index).image.string() + ": " + error.what_without_backtrace());
  } catch (const std::exception& error) {
    throw DataError(dataset.files(index).image.string() + ": " + error.what());
  }
}

}  // namespace

Loader::Loader(const SegmentationDataset& dataset, const LoaderOptions& options)
    : dataset_(dataset), options_(options) {
  TORCH_CHECK_VALUE(options.batch_size > 0, "Loader: batch_size must be > 0, got ",
                    options.batch_size);
  TORCH_CHECK_VALUE(options.threads >= 0, "Loader: threads must be >= 0, got ", options.threads);
  TORCH_CHECK_VALUE(options.prefetch >= 1, "Loader: prefetch must be >= 1, got ", options.prefetch);
  TORCH_CHECK_VALUE(options.rank >= 0 && options.rank < options.parts,
                    "Loader: rank must be in [0, ", options.parts, "), got ", options.rank);
  TORCH_CHECK_VALUE(options.samples >= 0, "Loader: samples must be >= 0, got ", options.samples);
  samples_ = options.samples > 0 ? std::min(options.samples, dataset.size()) : dataset.size();
  batches_ = options.drop_last ? samples_ / options.batch_size
                               : (samples_ + options.batch_size - 1) / options.batch_size;
  if (options.whole_batches) {
    batches_ = (batches_ - options.rank + options.parts - 1) / options.parts;
  }
  capacity_ = std::max(options.prefetch, options.threads);
  claimed_ = consumed_ = batches_;  // nothing to do before the first start_epoch
  for (int i = 0; i < options.threads; ++i) {
    threads_.emplace_back([this](const std::stop_token& stop) { work(stop); });
  }
}

Loader::~Loader() {
  for (std::jthread& thread : threads_) {
    thread.request_stop();
  }
  threads_.clear();
}

void Loader::start_epoch(std::int64_t epoch, std::int64_t first_batch) {
  TORCH_CHECK_VALUE(first_batch >= 0 && first_batch <= batches_,
                    "Loader: first_batch must be in [0, ", batches_, "], got ", first_batch);
  std::vector<std::int64_t> order(samples_);
  if (options_.shuffle) {
    order = epoch_order(samples_, options_.seed, epoch);
  } else {
    std::iota(order.begin(), order.end(), 0);
  }
  for (std::int64_t& index : order) {
    index = index * dataset_.size() / samples_;  // itself, unless a part is left out
  }
  {
    const std::lock_guard lock(mutex_);
    order_ = std::move(order);
    epoch_ = epoch;
    ++generation_;
    claimed_ = consumed_ = first_batch;
    ready_.clear();
  }
  may_claim_.notify_all();
}

std::vector<std::int64_t> Loader::indices_of(std::int64_t batch) const {
  const std::int64_t parts = options_.parts;
  const std::int64_t whole = options_.whole_batches ? batch * parts + options_.rank : batch;
  std::int64_t first = whole * options_.batch_size;
  std::int64_t last = std::min(first + options_.batch_size, samples_);
  if (!options_.whole_batches) {
    const std::int64_t count = last - first;
    last = first + count * (options_.rank + 1) / parts;
    first += count * options_.rank / parts;
  }
  return {order_.begin() + first, order_.begin() + last};
}

std::optional<Loader::Job> Loader::claim(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  const bool found = may_claim_.wait(
      lock, stop, [this] { return claimed_ < batches_ && claimed_ < consumed_ + capacity_; });
  if (!found || stop.stop_requested()) {
    return std::nullopt;
  }
  Job job{epoch_, claimed_, generation_, indices_of(claimed_)};
  ++claimed_;
  return job;
}

Loader::Result Loader::load(const Job& job, const std::stop_token& stop) const {
  Result result;
  try {
    const auto count = static_cast<std::int64_t>(job.indices.size());
    const auto [height, width] = dataset_.config().image_size;
    result.batch.images =
        torch::empty({count, 3, height, width}, torch::TensorOptions(torch::kFloat32),
                     options_.channels_last ? torch::MemoryFormat::ChannelsLast
                                            : torch::MemoryFormat::Contiguous);
    result.batch.labels = torch::empty({count, height, width}, torch::kInt64);
    result.batch.indices = job.indices;
    for (std::int64_t i = 0; i < count && !stop.stop_requested(); ++i) {
      const std::int64_t index = job.indices[i];
      const Augmentation augmentation =
          options_.augment ? draw_augmentation(dataset_.config().augment,
                                               Random::of(options_.seed, job.epoch, index))
                           : Augmentation{};
      load_sample(dataset_, index, augmentation, result.batch.images.select(0, i),
                  result.batch.labels.select(0, i));
    }
  } catch (...) {
    result.error = std::current_exception();
  }
  return result;
}

void Loader::work(const std::stop_token& stop) {
  while (const auto job = claim(stop)) {
    Result result = load(*job, stop);
    {
      const std::lock_guard lock(mutex_);
      if (job->generation == generation_) {
        ready_.emplace(job->batch, std::move(result));
      }
    }
    is_ready_.notify_one();
  }
}

std::optional<Batch> Loader::next() {
  std::unique_lock lock(mutex_);
  if (consumed_ >= batches_) {
    return std::nullopt;
  }
  Result result;
  if (options_.threads == 0) {
    result = load({epoch_, consumed_, generation_, indices_of(consumed_)}, {});
  } else {
    is_ready_.wait(lock, [this] { return ready_.count(consumed_) != 0; });
    result = std::move(ready_.extract(consumed_).mapped());
  }
  if (result.error) {
    claimed_ = consumed_ = batches_;
    ++generation_;
    ready_.clear();
    std::rethrow_exception(result.error);
  }
  ++consumed_;
  lock.unlock();
  may_claim_.notify_one();
  return std::move(result.batch);
}

}  // namespace gyroseg
