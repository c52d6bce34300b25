#include "gyroseg/data/dataset.h"

#include <c10/util/StringUtil.h>

#include <limits>

#include "gyroseg/data/image_io.h"
#include "gyroseg/data/mask_io.h"
#include "gyroseg/data/resize.h"

namespace gyroseg {
namespace {

Sample empty_sample(const DataConfig& config) {
  const auto [height, width] = config.image_size;
  return {torch::empty({3, height, width}, torch::kFloat32),
          torch::empty({height, width}, torch::kInt64)};
}

std::size_t cache_bytes(const DataConfig& config, const Hierarchy& tree) {
  const bool fits = tree.num_nodes() <= std::numeric_limits<std::int16_t>::max();
  return fits ? static_cast<std::size_t>(config.cache_mb) << 20 : 0;
}

}  // namespace

InputImage load_image(const std::filesystem::path& file, const DataConfig& config) {
  const torch::Tensor rgb = read_image(file);
  const torch::Tensor small =
      resize_image(rgb, config.image_size, resample_of(config.resample));
  const Sample sample = empty_sample(config);
  render({small, torch::empty({small.size(0), small.size(1)}, torch::kInt64)}, {}, config.mean,
         config.std, sample.image, sample.labels);
  return {sample.image, rgb};
}

SegmentationDataset::SegmentationDataset(const DataConfig& config, const Hierarchy& tree,
                                         const std::string& split)
    : config_(config),
      mapper_(tree, config),
      resample_(resample_of(config.resample)),
      num_nodes_(tree.num_nodes()),
      files_(list_samples(config, split)),
      cache_(std::make_unique<SampleCache>(cache_bytes(config, tree))) {}

torch::Tensor SegmentationDataset::original_labels(std::int64_t index) const {
  const SampleFiles& sample = files(index);
  return mapper_.map(read_mask(sample.mask), sample.mask);
}

ResizedSample SegmentationDataset::resized(std::int64_t index) const {
  if (auto kept = cache_->find(index)) {
    return *kept;
  }
  const SampleFiles& sample = files(index);
  const torch::Tensor rgb = read_image(sample.image);
  const torch::Tensor labels = original_labels(index);
  if (labels.size(0) != rgb.size(0) || labels.size(1) != rgb.size(1)) {
    throw DataError(c10::str(sample.mask.string(), ": expected the size of its image ",
                             sample.image.string(), ", ", rgb.size(1), " x ", rgb.size(0),
                             ", found ", labels.size(1), " x ", labels.size(0)));
  }
  const ResizedSample result = {resize_image(rgb, config_.image_size, resample_),
                                resize_labels(labels, config_.image_size)};
  cache_->keep(index, result);
  return result;
}

void SegmentationDataset::load_into(std::int64_t index, const Augmentation& augmentation,
                                    const torch::Tensor& image, const torch::Tensor& labels) const {
  render(resized(index), augmentation, config_.mean, config_.std, image, labels, resample_);
}

Sample SegmentationDataset::load(std::int64_t index, const Augmentation& augmentation) const {
  Sample sample = empty_sample(config_);
  load_into(index, augmentation, sample.image, sample.labels);
  return sample;
}

Sample SegmentationDataset::original(std::int64_t index) const {
  Sample sample = load(index);
  sample.labels = original_labels(index);
  return sample;
}

}  // namespace gyroseg
