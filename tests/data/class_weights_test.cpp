#include "gyroseg/data/class_weights.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include <cmath>
#include <vector>

#include "planted_set.h"

namespace gyroseg::class_weights_test {

void expect_near(const torch::Tensor& weights, const std::vector<double>& expected) {
  ASSERT_EQ(weights.scalar_type(), torch::kFloat32);
  ASSERT_EQ(weights.numel(), static_cast<std::int64_t>(expected.size()));
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_NEAR(weights[static_cast<std::int64_t>(i)].item<double>(), expected[i],
                1e-6 * expected[i])
        << i;
  }
}

TEST(ClassWeights, OfHandComputedCounts) {
  const torch::Tensor counts = torch::tensor({100, 25, 400, 475}, torch::kInt64);
  expect_near(class_weights(counts, "none"), {1, 1, 1, 1});
  expect_near(class_weights(counts, "inverse_frequency"), {2.5, 10, 0.625, 250.0 / 475});
  // The lower median of 25, 100, 400, 475 is 100.
  expect_near(class_weights(counts, "median_frequency"), {1, 4, 0.25, 100.0 / 475});
  expect_near(class_weights(counts, "sqrt_median_frequency"), {1, 2, 0.5, std::sqrt(100.0 / 475)});
}

TEST(ClassWeights, AbsentClassesGetOneAndDoNotMoveTheMedian) {
  const torch::Tensor counts = torch::tensor({0, 16, 4, 0, 64}, torch::kInt64);
  expect_near(class_weights(counts, "median_frequency"), {1, 1, 4, 1, 0.25});
  expect_near(class_weights(counts, "inverse_frequency"), {1, 28.0 / 16, 7, 1, 28.0 / 64});
  expect_near(class_weights(torch::zeros({2}, torch::kInt64), "sqrt_median_frequency"), {1, 1});
}

TEST(ClassWeights, AreThoseOfThePythonPeer) {
  // cnt = counts of CamVid's training masks; fr = cnt / cnt.sum(); (fr.median() / fr).sqrt()
  const torch::Tensor counts = torch::tensor({10682767, 14750079, 623349, 20076880, 2845085,
                                              6166762, 743859, 714595, 3719877, 405385, 184967},
                                             torch::kInt64);
  const torch::Tensor frequency = counts.to(torch::kFloat32) / counts.sum().to(torch::kFloat32);
  const torch::Tensor peer = (frequency.median() / frequency).sqrt();
  EXPECT_LT((class_weights(counts, "sqrt_median_frequency") / peer - 1).abs().max().item<double>(),
            1e-6);
}

TEST(ClassWeights, RefusesWrongInput) {
  EXPECT_THROW(static_cast<void>(class_weights(torch::ones({2}), "none")), c10::ValueError);
  EXPECT_THROW(static_cast<void>(class_weights(torch::tensor({1, -1}, torch::kInt64), "none")),
               c10::ValueError);
  EXPECT_THROW(static_cast<void>(class_weights(torch::ones({2}, torch::kInt64), "median")),
               c10::ValueError);
}

TEST(ClassCounts, AreTakenAtTheTrainingSize) {
  const testing::ScratchFolder folder;
  const DataConfig config = testing::plant_set(folder, 3);
  torch::Tensor values = torch::zeros({20, 28}, torch::kUInt8);
  values.narrow(0, 10, 10).fill_(9);   // the inner node
  values.narrow(1, 0, 14).fill_(255);  // ignored
  write_mask(folder / "train" / "masks" / "01.png", values, {});
  const SegmentationDataset dataset(config, testing::small_tree(), "train");
  torch::Tensor expected = torch::zeros({4}, torch::kInt64);
  for (std::int64_t i = 0; i < 3; ++i) {
    const torch::Tensor labels = dataset.load(i).labels;
    expected += torch::bincount(labels.masked_select(labels.ge(0)), {}, 4);
  }
  for (const int threads : {0, 3}) {
    EXPECT_TRUE(torch::equal(class_counts(dataset, threads), expected));
  }
  EXPECT_EQ(expected[3].item<std::int64_t>(), 6 * 8);
}

}  // namespace gyroseg::class_weights_test
