#include "gyroseg/report/prediction_masks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include <functional>

#include "support/tiny_run.h"

namespace gyroseg::prediction_masks_test {

using ::testing::HasSubstr;

Hierarchy tree_of(int head, int torso) {
  TreeSpec spec;
  spec.roots = {node("background", 0), inner("body", {node("head", head), node("torso", torso)})};
  return Hierarchy(spec);
}

// Level 1: background, body, none; level 2: background, the leaf of smaller value, the other, none.
const std::vector<torch::Tensor>& classes() {
  static const std::vector<torch::Tensor> kClasses = {
      torch::tensor({{0, 1, 1}, {1, -1, 0}}, torch::kInt64),
      torch::tensor({{0, 1, 2}, {-1, -1, 0}}, torch::kInt64)};
  return kClasses;
}

class PredictionMasksTest : public ::testing::Test {
 protected:
  void write(const PredictionMasks& masks) const {
    masks.write(folder_.path(), "a", 1, classes()[0]);
    masks.write(folder_.path(), "a", 2, classes()[1]);
  }
  [[nodiscard]] torch::Tensor values(int k) const {
    return read_mask(PredictionMasks::file(folder_.path(), "a", k)).values.to(torch::kInt64);
  }
  void expect_read_back(const PredictionMasks& masks) const {
    const Decoded decoded = masks.read(folder_.path(), "a");
    ASSERT_EQ(decoded.levels.size(), 2U);
    for (std::size_t i = 0; i < 2; ++i) {
      EXPECT_TRUE(torch::equal(decoded.levels[i].classes[0], classes()[i])) << i;
    }
  }
  static std::string message(const std::function<void()>& call) {
    try {
      call();
    } catch (const DataError& error) {
      return error.what();
    }
    return "";
  }

  TemporaryFolder folder_{"prediction_masks"};
};

TEST_F(PredictionMasksTest, LeavesHaveTheValuesOfTheDataSet) {
  const PredictionMasks masks(tree_of(7, 40), 255);
  write(masks);
  EXPECT_TRUE(torch::equal(values(1), torch::tensor({{0, 1, 1}, {1, 255, 0}}, torch::kInt64)));
  EXPECT_TRUE(torch::equal(values(2), torch::tensor({{0, 7, 40}, {255, 255, 0}}, torch::kInt64)));
  expect_read_back(masks);
}

TEST_F(PredictionMasksTest, UndecidedPixelsNeverTakeAClasssValue) {
  write(PredictionMasks(tree_of(255, 7), 9));
  EXPECT_EQ(values(2)[1][0].item<int>(), 9);
  expect_read_back(PredictionMasks(tree_of(255, 7), 9));
  // An ignored value that is no byte.
  write(PredictionMasks(tree_of(255, 254), 300));
  EXPECT_EQ(values(2)[1][0].item<int>(), 253);
  expect_read_back(PredictionMasks(tree_of(255, 254), 300));
}

TEST_F(PredictionMasksTest, ValuesPastAByteGiveWayToIndices) {
  const PredictionMasks masks(tree_of(1000, 7), 255);
  write(masks);
  EXPECT_TRUE(torch::equal(values(2), torch::tensor({{0, 1, 2}, {255, 255, 0}}, torch::kInt64)));
  expect_read_back(masks);
}

TEST_F(PredictionMasksTest, TooManyClassesAreRefused) {
  TreeSpec spec;
  for (int i = 0; i < 256; ++i) {
    spec.roots.push_back(node("c" + std::to_string(i), i));
  }
  EXPECT_THAT(message([&] { PredictionMasks(Hierarchy(spec), 300); }), HasSubstr("level 1 has 256 classes"));
  spec.roots.pop_back();
  EXPECT_EQ(message([&] { PredictionMasks(Hierarchy(spec), 300); }), "");
}

TEST_F(PredictionMasksTest, WrongFilesAreNamed) {
  const PredictionMasks masks(tree_of(40, 7), 255);
  write(masks);
  const std::filesystem::path leaves = PredictionMasks::file(folder_.path(), "a", 2);
  write_mask(leaves, torch::tensor({{0, 40, 7}, {0, 3, 5}}, torch::kUInt8), {});
  EXPECT_THAT(message([&] { (void)masks.read(folder_.path(), "a"); }),
              HasSubstr("a_level2.png: pixel (x 1, y 1): found 3, expected the value of a class of this level: 0, "));
  write_mask(leaves, torch::zeros({2, 4}, torch::kUInt8), {});
  EXPECT_THAT(message([&] { (void)masks.read(folder_.path(), "a"); }), HasSubstr("level 1's mask, 3 x 2, found 4 x 2"));
  EXPECT_THAT(message([&] { (void)masks.read(folder_.path(), "b"); }), HasSubstr("b_level1.png"));
  EXPECT_THAT(message([&] { refuse_existing({folder_.path() / "none", leaves}); }),
              HasSubstr("a_level2.png exists already"));
  EXPECT_EQ(message([&] { refuse_existing({folder_.path() / "none"}); }), "");
}

TEST(ResultNames, AreFileNamesWithoutExtension) {
  EXPECT_THAT(result_names({"x/a.b.png", "c.jpg"}), ::testing::ElementsAre("a.b", "c"));
  EXPECT_THROW((void)result_names({"x/a.png", "y/a.jpg"}), DataError);
}

}  // namespace gyroseg::prediction_masks_test
