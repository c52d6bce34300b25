#include "gyroseg/data/loader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "gyroseg/data/random.h"
#include "planted_set.h"

namespace gyroseg::loader_test {

using testing::data_error;
using ::testing::HasSubstr;
using testing::plant_set;
using testing::ScratchFolder;
using testing::small_tree;

class LoaderTest : public ::testing::Test {
 protected:
  LoaderTest() : config_(plant_set(folder_, 11)) {
    config_.augment = {0.5, {0.7, 1.6}, 0.2, 0.2, 0.2, 0.5, 0.5, {0.5, 1}, 30, 0.5, {1, 4}, {0.8, 1.2}};
    config_.resample = "lanczos";
  }

  static LoaderOptions options(int threads) {
    LoaderOptions options;
    options.batch_size = 3;
    options.threads = threads;
    options.seed = 5;
    options.shuffle = true;
    options.augment = true;
    return options;
  }

  static std::vector<Batch> epoch(Loader& loader, std::int64_t number,
                                  std::int64_t first_batch = 0) {
    loader.start_epoch(number, first_batch);
    std::vector<Batch> batches;
    while (auto batch = loader.next()) {
      batches.push_back(std::move(*batch));
    }
    return batches;
  }

  static void expect_equal(const std::vector<Batch>& a, const std::vector<Batch>& b) {
    ASSERT_EQ(a.size(), b.size());
    for (std::size_t i = 0; i < a.size(); ++i) {
      EXPECT_EQ(a[i].indices, b[i].indices);
      EXPECT_TRUE(torch::equal(a[i].images, b[i].images)) << i;
      EXPECT_TRUE(torch::equal(a[i].labels, b[i].labels)) << i;
    }
  }

  ScratchFolder folder_;
  DataConfig config_;
};

TEST_F(LoaderTest, ThreadsAndCacheDoNotChangeTheBatches) {
  const SegmentationDataset dataset(config_, small_tree(), "train");
  Loader reference(dataset, options(0));
  const auto first = epoch(reference, 0);
  const auto second = epoch(reference, 1);
  config_.cache_mb = 0;
  const SegmentationDataset uncached(config_, small_tree(), "train");
  for (const int threads : {0, 1, 2, 4}) {
    for (const SegmentationDataset* data : {&dataset, &uncached}) {
      Loader loader(*data, options(threads));
      expect_equal(epoch(loader, 0), first);
      expect_equal(epoch(loader, 1), second);
      expect_equal(epoch(loader, 0), first);
    }
  }
}

TEST_F(LoaderTest, EveryEpochSeesEverySampleOnceInAnotherOrder) {
  const SegmentationDataset dataset(config_, small_tree(), "train");
  Loader loader(dataset, options(2));
  EXPECT_EQ(loader.batches_per_epoch(), 4);
  std::set<std::vector<std::int64_t>> orders;
  for (std::int64_t number = 0; number < 3; ++number) {
    std::vector<std::int64_t> seen;
    for (const Batch& batch : epoch(loader, number)) {
      seen.insert(seen.end(), batch.indices.begin(), batch.indices.end());
    }
    EXPECT_EQ(seen, epoch_order(11, 5, number));
    orders.insert(seen);
  }
  EXPECT_EQ(orders.size(), 3U);
}

TEST_F(LoaderTest, BatchesHoldTheSamples) {
  const SegmentationDataset dataset(config_, small_tree(), "train");
  LoaderOptions plain = options(2);
  plain.shuffle = plain.augment = false;
  plain.channels_last = true;
  Loader loader(dataset, plain);
  const auto batches = epoch(loader, 3);
  ASSERT_EQ(batches.size(), 4U);
  EXPECT_EQ(batches[3].images.sizes(), torch::IntArrayRef({2, 3, 12, 16}));
  EXPECT_TRUE(batches[0].images.is_contiguous(torch::MemoryFormat::ChannelsLast));
  for (std::int64_t i = 0; i < 11; ++i) {
    const Sample sample = dataset.load(i);
    EXPECT_EQ(batches[i / 3].indices[i % 3], i);
    EXPECT_TRUE(torch::equal(batches[i / 3].images[i % 3], sample.image));
    EXPECT_TRUE(torch::equal(batches[i / 3].labels[i % 3], sample.labels));
  }
  const Sample augmented = dataset.load(4, draw_augmentation(config_.augment, Random::of(5, 7, 4)));
  Loader augmenting(dataset, options(1));
  for (const Batch& batch : epoch(augmenting, 7)) {
    const auto at = std::find(batch.indices.begin(), batch.indices.end(), 4);
    if (at != batch.indices.end()) {
      EXPECT_TRUE(torch::equal(batch.images[at - batch.indices.begin()], augmented.image));
    }
  }
}

TEST_F(LoaderTest, BeginsInTheMiddleOfAnEpoch) {
  const SegmentationDataset dataset(config_, small_tree(), "train");
  for (const int threads : {0, 3}) {
    Loader loader(dataset, options(threads));
    auto whole = epoch(loader, 2);
    expect_equal(epoch(loader, 2, 1), {whole.begin() + 1, whole.end()});
    EXPECT_TRUE(epoch(loader, 2, 4).empty());
    EXPECT_THROW(loader.start_epoch(2, 5), c10::ValueError);
    // A new epoch in the middle of another drops what was prefetched.
    loader.start_epoch(0);
    static_cast<void>(loader.next());
    expect_equal(epoch(loader, 2), whole);
  }
}

TEST_F(LoaderTest, DropsTheLastShorterBatch) {
  const SegmentationDataset dataset(config_, small_tree(), "train");
  LoaderOptions drop = options(0);
  drop.drop_last = true;
  Loader loader(dataset, drop);
  EXPECT_EQ(loader.batches_per_epoch(), 3);
  EXPECT_EQ(epoch(loader, 0).size(), 3U);
  drop.batch_size = 12;
  EXPECT_EQ(Loader(dataset, drop).batches_per_epoch(), 0);
  drop.batch_size = 0;
  EXPECT_THROW(Loader(dataset, drop), c10::ValueError);
}

TEST_F(LoaderTest, StopsCleanlyAtAnyMoment) {
  const SegmentationDataset dataset(config_, small_tree(), "train");
  for (int trial = 0; trial < 20; ++trial) {
    Loader loader(dataset, options(4));
    if (trial % 4 != 0) {
      loader.start_epoch(trial);
    }
    for (int i = 0; i < trial % 4; ++i) {
      static_cast<void>(loader.next());
    }
  }
  Loader idle(dataset, options(2));
  EXPECT_FALSE(idle.next().has_value()) << "no epoch was begun";
}

TEST_F(LoaderTest, ErrorsOfThreadsNameTheFile) {
  const SegmentationDataset dataset(config_, small_tree(), "train");
  testing::truncate(dataset.files(7).image, 0.5);
  for (const int threads : {0, 2}) {
    LoaderOptions plain = options(threads);
    plain.shuffle = false;
    Loader loader(dataset, plain);
    loader.start_epoch(0);
    EXPECT_TRUE(loader.next().has_value());
    EXPECT_TRUE(loader.next().has_value());
    EXPECT_THAT(data_error([&] { static_cast<void>(loader.next()); }),
                HasSubstr("07.png: truncated PNG"));
    EXPECT_FALSE(loader.next().has_value()) << "the epoch ends at the error";
    loader.start_epoch(1, 3);
    EXPECT_TRUE(loader.next().has_value()) << "the loader itself lives on";
  }
}

// 11 samples in batches of 3, dealt to 1, 2 and 3 loaders: what they give together is what one
// gives.
TEST_F(LoaderTest, PartsTogetherAreTheWholeEpoch) {
  const Hierarchy tree = small_tree();
  const SegmentationDataset dataset(config_, tree, "train");
  Loader whole(dataset, options(0));
  const std::vector<Batch> expected = epoch(whole, 2);
  for (const int parts : {1, 2, 3}) {
    for (const bool whole_batches : {false, true}) {
      std::vector<Batch> together(expected.size());
      for (int rank = 0; rank < parts; ++rank) {
        LoaderOptions part = options(1);
        part.rank = rank;
        part.parts = parts;
        part.whole_batches = whole_batches;
        Loader loader(dataset, part);
        const std::vector<Batch> batches = epoch(loader, 2);
        EXPECT_EQ(static_cast<std::int64_t>(batches.size()), loader.batches_per_epoch());
        for (std::size_t i = 0; i < batches.size(); ++i) {
          Batch& target = together.at(whole_batches ? i * parts + rank : i);
          target.indices.insert(target.indices.end(), batches[i].indices.begin(),
                                batches[i].indices.end());
          target.images = target.images.defined()
                              ? torch::cat({target.images, batches[i].images})
                              : batches[i].images;
          target.labels = target.labels.defined()
                              ? torch::cat({target.labels, batches[i].labels})
                              : batches[i].labels;
        }
      }
      expect_equal(together, expected);
    }
  }
}

TEST_F(LoaderTest, ARankOutsideThePartsIsRefused) {
  const Hierarchy tree = small_tree();
  const SegmentationDataset dataset(config_, tree, "train");
  LoaderOptions wrong = options(0);
  wrong.rank = 2;
  wrong.parts = 2;
  EXPECT_THROW(Loader(dataset, wrong), c10::ValueError);
}

TEST_F(LoaderTest, SomeSamplesAreSpreadOverTheSet) {
  const SegmentationDataset dataset(config_, small_tree(), "train");
  const auto indices_of = [&](std::int64_t samples, int rank, int parts) {
    LoaderOptions options;
    options.batch_size = 2;
    options.samples = samples;
    options.rank = rank;
    options.parts = parts;
    options.whole_batches = true;
    Loader loader(dataset, options);
    std::vector<std::int64_t> indices;
    for (const Batch& batch : epoch(loader, 0)) {
      indices.insert(indices.end(), batch.indices.begin(), batch.indices.end());
    }
    return indices;
  };
  using Indices = std::vector<std::int64_t>;
  EXPECT_EQ(indices_of(5, 0, 1), (Indices{0, 2, 4, 6, 8}));
  EXPECT_EQ(indices_of(5, 0, 2), (Indices{0, 2, 8}));
  EXPECT_EQ(indices_of(5, 1, 2), (Indices{4, 6}));
  EXPECT_EQ(indices_of(1, 0, 1), (Indices{0}));
  for (const std::int64_t all : {0, 11, 100}) {
    EXPECT_EQ(indices_of(all, 0, 1), (Indices{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10})) << all;
  }
}

}  // namespace gyroseg::loader_test
