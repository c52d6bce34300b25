#include "gyroseg/data/random.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include <algorithm>
#include <numeric>
#include <set>
#include <vector>

namespace gyroseg::random_test {

TEST(Random, IsSplitMix64) {
  // The reference outputs for seed 1234567 that accompany Vigna's splitmix64.c.
  Random random(1234567);
  EXPECT_EQ(random.next(), 6457827717110365317ULL);
  EXPECT_EQ(random.next(), 3203168211198807973ULL);
  EXPECT_EQ(random.next(), 9817491932198370423ULL);
  EXPECT_EQ(random.next(), 4593380528125082431ULL);
  EXPECT_EQ(random.next(), 16408922859458223821ULL);
}

TEST(Random, UniformStaysInRangeWithTheRightMean) {
  Random random(5);
  double sum = 0.0;
  for (int i = 0; i < 10000; ++i) {
    const double value = random.uniform(2.0, 4.0);
    ASSERT_GE(value, 2.0);
    ASSERT_LT(value, 4.0);
    sum += value;
  }
  EXPECT_NEAR(sum / 10000, 3.0, 0.03);  // 5 standard errors: 5 * (2 / sqrt(12)) / 100
  EXPECT_EQ(random.uniform(1.0, 1.0), 1.0);
}

TEST(Random, BelowTakesEveryValue) {
  Random random(6);
  std::vector<int> counts(7);
  for (int i = 0; i < 7000; ++i) {
    ++counts.at(random.below(7));
  }
  for (const int count : counts) {
    EXPECT_NEAR(count, 1000, 150);  // 5 standard deviations: 5 * sqrt(7000 * 6 / 49)
  }
  EXPECT_THROW(random.below(0), c10::ValueError);
}

TEST(Random, SamplesHaveTheirOwnStreams) {
  std::set<std::uint64_t> first;
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    for (std::int64_t epoch = 0; epoch < 10; ++epoch) {
      for (std::int64_t index = -1; index < 20; ++index) {
        first.insert(Random::of(seed, epoch, index).next());
      }
    }
  }
  EXPECT_EQ(first.size(), 10U * 10U * 21U);
  EXPECT_EQ(Random::of(1, 2, 3).next(), Random::of(1, 2, 3).next());
}

TEST(Random, EpochOrderIsAPermutationThatChanges) {
  const std::vector<std::int64_t> order = epoch_order(100, 7, 0);
  std::vector<std::int64_t> sorted = order;
  std::sort(sorted.begin(), sorted.end());
  std::vector<std::int64_t> all(100);
  std::iota(all.begin(), all.end(), 0);
  EXPECT_EQ(sorted, all);
  EXPECT_NE(order, all);
  EXPECT_EQ(order, epoch_order(100, 7, 0));
  EXPECT_NE(order, epoch_order(100, 7, 1));
  EXPECT_NE(order, epoch_order(100, 8, 0));
  EXPECT_TRUE(epoch_order(0, 7, 0).empty());
}

TEST(Random, EveryFirstSampleIsAsLikely) {
  std::vector<int> counts(5);
  for (std::int64_t epoch = 0; epoch < 5000; ++epoch) {
    ++counts[epoch_order(5, 0, epoch)[0]];
  }
  for (const int count : counts) {
    EXPECT_NEAR(count, 1000, 142);  // 5 standard deviations: 5 * sqrt(5000 * 4 / 25)
  }
}

}  // namespace gyroseg::random_test
