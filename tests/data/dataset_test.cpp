#include "gyroseg/data/dataset.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include <filesystem>
#include <string>

#include "gyroseg/data/resize.h"
#include "planted_set.h"

namespace gyroseg::dataset_test {

using ::testing::AllOf;
using testing::data_error;
using ::testing::HasSubstr;
using testing::plant_set;
using testing::random_bytes;
using testing::ScratchFolder;
using testing::small_tree;

TEST(Dataset, LoadsResizedAndOriginal) {
  const ScratchFolder folder;
  const DataConfig config = plant_set(folder, 2);
  const SegmentationDataset dataset(config, small_tree(), "train");
  EXPECT_EQ(dataset.size(), 2);
  EXPECT_EQ(dataset.num_nodes(), 4);
  const Sample sample = dataset.load(1);
  EXPECT_EQ(sample.image.sizes(), torch::IntArrayRef({3, 12, 16}));
  const torch::Tensor stored = read_mask(dataset.files(1).mask).values.to(torch::kInt64);
  EXPECT_TRUE(torch::equal(sample.labels, resize_labels(stored, config.image_size)));
  const Sample original = dataset.original(1);
  EXPECT_TRUE(torch::equal(original.image, sample.image));
  EXPECT_TRUE(torch::equal(original.labels, stored));
}

TEST(Dataset, ImagesForInferenceLookLikeThoseOfTraining) {
  const ScratchFolder folder;
  const DataConfig config = plant_set(folder, 1);
  const SegmentationDataset dataset(config, small_tree(), "train");
  const InputImage input = load_image(dataset.files(0).image, config);
  EXPECT_TRUE(torch::equal(input.image, dataset.load(0).image));
  EXPECT_TRUE(torch::equal(input.rgb, read_image(dataset.files(0).image)));
}

TEST(Dataset, CacheChangesNothing) {
  const ScratchFolder folder;
  DataConfig config = plant_set(folder, 4);
  const SegmentationDataset with(config, small_tree(), "train");
  config.cache_mb = 0;
  const SegmentationDataset without(config, small_tree(), "train");
  const Augmentation augmentation{1.4, 0.2, 0.9, true, 1.1, 0.9, 1.3};
  for (int pass = 0; pass < 2; ++pass) {
    for (std::int64_t i = 0; i < 4; ++i) {
      const Sample a = with.load(i, augmentation);
      const Sample b = without.load(i, augmentation);
      EXPECT_TRUE(torch::equal(a.image, b.image));
      EXPECT_TRUE(torch::equal(a.labels, b.labels));
    }
  }
  std::filesystem::remove(with.files(0).image);  // what is cached needs no file
  EXPECT_NO_THROW(static_cast<void>(with.load(0)));
  EXPECT_THROW(static_cast<void>(without.load(0)), DataError);
}

TEST(Dataset, CacheStaysWithinItsCapacity) {
  const ResizedSample sample{torch::zeros({10, 10, 3}, torch::kUInt8),
                             torch::full({10, 10}, -1, torch::kInt64)};
  SampleCache cache(1200);  // 500 bytes a sample
  for (std::int64_t i = 0; i < 5; ++i) {
    cache.keep(i, sample);
    cache.keep(i, sample);
  }
  EXPECT_EQ(cache.size(), 2U);
  EXPECT_FALSE(cache.find(2).has_value());
  EXPECT_TRUE(torch::equal(cache.find(1)->labels, sample.labels));
}

TEST(Dataset, NamesTheFilesWhoseSizesDiffer) {
  const ScratchFolder folder;
  const DataConfig config = plant_set(folder, 2);
  write_mask(folder / "train" / "masks" / "01.png", random_bytes({20, 27}, 1, 3), {});
  const SegmentationDataset dataset(config, small_tree(), "train");
  EXPECT_NO_THROW(static_cast<void>(dataset.load(0)));
  EXPECT_THAT(data_error([&] { static_cast<void>(dataset.load(1)); }),
              AllOf(HasSubstr("masks/01.png: expected the size of its image"),
                    HasSubstr("28 x 20, found 27 x 20")));
}

TEST(Dataset, RefusesAJpegMask) {
  const ScratchFolder folder;
  const DataConfig config = plant_set(folder, 1);
  std::filesystem::remove(folder / "train" / "masks" / "00.png");
  write_image(folder / "train" / "masks" / "00.jpg", random_bytes({20, 28, 3}, 1));
  const SegmentationDataset dataset(config, small_tree(), "train");
  EXPECT_THAT(data_error([&] { static_cast<void>(dataset.load(0)); }),
              HasSubstr("00.jpg: expected a PNG or .npy mask, found a JPEG"));
}

}  // namespace gyroseg::dataset_test
