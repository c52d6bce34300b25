#include "gyroseg/data/labels.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include <string>

#include "gyroseg/hierarchy/fold.h"
#include "planted_set.h"

namespace gyroseg::labels_test {

using testing::data_error;
using ::testing::HasSubstr;
using testing::small_tree;

RawMask values(std::vector<std::int64_t> row) {
  return {torch::tensor(row, torch::kInt64).to(torch::kInt32).unsqueeze(0), {}};
}

RawMask colors(std::vector<std::int64_t> row) {
  return {{}, torch::tensor(row, torch::kInt64).to(torch::kUInt8).reshape({1, -1, 3})};
}

torch::Tensor expected(std::vector<std::int64_t> row) {
  return torch::tensor(row, torch::kInt64).unsqueeze(0);
}

TEST(LabelMapper, TakesValuesToNodesInnerNodesIncluded) {
  const LabelMapper mapper(small_tree(), DataConfig{});
  const RawMask raw = values({0, 1, 2, 9, 255});
  const torch::Tensor before = raw.values.clone();
  const torch::Tensor labels = mapper.map(raw, "m.png");
  EXPECT_EQ(labels.scalar_type(), torch::kInt64);
  EXPECT_TRUE(torch::equal(labels, expected({0, 1, 2, 3, kIgnored})));
  EXPECT_TRUE(torch::equal(raw.values, before));
  EXPECT_EQ(mapper.allowed(false), "0 to 2, 9, 255");
}

TEST(LabelMapper, LabelMapComesBeforeTheIgnoreIndex) {
  DataConfig config;
  config.label_map = {{0, std::nullopt}, {1, 0}, {255, 2}, {300, 255}};
  const LabelMapper mapper(small_tree(), config);
  EXPECT_TRUE(torch::equal(mapper.map(values({0, 1, 2, 255, 300}), "m.png"),
                           expected({kIgnored, 0, 2, 2, kIgnored})));
}

TEST(LabelMapper, IgnoreIndexWinsOverALabelOfTheTree) {
  DataConfig config;
  config.ignore_index = 0;
  EXPECT_TRUE(torch::equal(LabelMapper(small_tree(), config).map(values({0, 1}), "m.png"),
                           expected({kIgnored, 1})));
}

TEST(LabelMapper, NamesTheFirstBadPixel) {
  const LabelMapper mapper(small_tree(), DataConfig{});
  RawMask raw = values({0, 1, 2, 0, 7, 5, 7, 65535});
  raw.values = raw.values.reshape({2, 4});
  EXPECT_EQ(
      data_error([&] { static_cast<void>(mapper.map(raw, "dir/m.png")); }),
      "dir/m.png: pixel (x 0, y 1): expected one of 0 to 2, 9, 255, found 7; fix the mask, or "
      "name the value in labels or data.label_map");
  const MappedMask mapped = mapper.scan(raw, "m.png");
  ASSERT_EQ(mapped.bad.size(), 3U);
  EXPECT_EQ(mapped.bad[0].value, "7");
  EXPECT_EQ(mapped.bad[0].count, 2);
  EXPECT_EQ(mapped.bad[1].value, "5");
  EXPECT_EQ(mapped.bad[1].x, 1);
  EXPECT_EQ(mapped.bad[1].y, 1);
  EXPECT_EQ(mapped.bad[2].value, "65535");
  EXPECT_TRUE(
      torch::equal(mapped.labels, torch::tensor({{0, 1, 2, 0}, {-1, -1, -1, -1}}, torch::kInt64)));
}

TEST(LabelMapper, ColoursNeedAColorMap) {
  const RawMask raw = colors({10, 0, 0, 0, 0, 200, 0, 0, 200, 9, 9, 9});
  const LabelMapper without(small_tree(), DataConfig{});
  EXPECT_THAT(
      data_error([&] { static_cast<void>(without.map(raw, "m.png")); }),
      HasSubstr("m.png: expected a palette or grey mask, found RGB colours; set data.color_map"));
  DataConfig config;
  config.color_map = {{{10, 0, 0}, 1}, {{0, 0, 200}, 4}, {{9, 9, 9}, 255}};
  config.label_map = {{4, 2}};
  EXPECT_TRUE(torch::equal(LabelMapper(small_tree(), config).map(raw, "m.png"),
                           expected({1, 2, 2, kIgnored})));
  EXPECT_THAT(
      data_error([&] {
        static_cast<void>(
            LabelMapper(small_tree(), config).map(colors({10, 0, 0, 10, 0, 1}), "m.png"));
      }),
      HasSubstr("m.png: pixel (x 1, y 0): expected one of (10, 0, 0), (0, 0, 200), (9, 9, 9), "
                "found colour (10, 0, 1)"));
}

TEST(LabelMapper, RefusesMapsToUnknownValues) {
  DataConfig config;
  config.label_map = {{3, 4}};
  EXPECT_EQ(
      data_error([&] { LabelMapper(small_tree(), config); }),
      "data.label_map: 3: expected a mask value of the tree or data.ignore_index (0 to 2, 9, 255), "
      "found 4");
  config.label_map.clear();
  config.color_map = {{{1, 2, 3}, 8}};
  EXPECT_THAT(data_error([&] { LabelMapper(small_tree(), config); }),
              HasSubstr("data.color_map: (1, 2, 3): expected"));
}

TEST(LabelMapper, NegativeValuesOfNpyMasks) {
  DataConfig config;
  config.label_map = {{-1, std::nullopt}, {-32768, 1}};
  const LabelMapper mapper(small_tree(), config);
  EXPECT_TRUE(
      torch::equal(mapper.map(values({-1, 0, -32768}), "m.npy"), expected({kIgnored, 0, 1})));
  EXPECT_EQ(mapper.allowed(false), "-32768, -1 to 2, 9, 255");
  EXPECT_THAT(data_error([&] { static_cast<void>(mapper.map(values({0, -2}), "m.npy")); }),
              HasSubstr("m.npy: pixel (x 1, y 0): expected one of -32768, -1 to 2, 9, 255, found -2"));
  const MappedMask mapped = mapper.scan(values({-2147483648, 2147483647}), "m.npy");
  ASSERT_EQ(mapped.bad.size(), 2U);
  EXPECT_EQ(mapped.bad[0].value, "-2147483648");
  EXPECT_EQ(mapped.bad[1].value, "2147483647");
  config.label_map = {{-32769, 1}};
  EXPECT_THAT(data_error([&] { LabelMapper(small_tree(), config); }),
              HasSubstr("expected mask values in [-32768, 65535], found -32769"));
}

/// Seed 002 encodes its masks beforehand into the ten channels 0 to 9, a pixel's class and those above
/// it. The table is the tree of its document, read by hand.
TEST(LabelMapper, FoldsOnTheFlyWhatSeed002EncodesBeforehand) {
  const NodeSpec upper{"upper_body",
                       {{"low_hand", {}, 1, ""}, {"up_hand", {}, 6, ""}, {"torso", {}, 2, ""},
                        {"head", {}, 4, ""}}, 8, ""};
  const NodeSpec lower{"lower_body", {{"low_leg", {}, 3, ""}, {"up_leg", {}, 5, ""}}, 9, ""};
  const Hierarchy tree(
      TreeSpec{{{"background", {}, 0, ""}, {"body", {upper, lower}, 7, ""}}, {}});
  const std::vector<std::vector<int>> encoded = {{0},       {7, 8, 1}, {7, 8, 2}, {7, 9, 3},
                                                 {7, 8, 4}, {7, 9, 5}, {7, 8, 6}, {7},
                                                 {7, 8},    {7, 9}};
  const torch::Tensor labels = LabelMapper(tree, DataConfig{})
                                   .map(values({0, 1, 2, 3, 4, 5, 6, 7, 8, 9}), "m.npy")
                                   .squeeze(0);
  const LevelFolder folder(tree);
  for (int value = 0; value < 10; ++value) {
    SCOPED_TRACE(value);
    const auto node = static_cast<int>(labels[value].item<std::int64_t>());
    std::vector<int> path;
    for (const int v : tree.ancestors(node)) {
      path.insert(path.begin(), *tree.label(v));
    }
    EXPECT_EQ(path, encoded[value]);
    for (int k = 1; k <= 3; ++k) {
      const auto found = folder.labels(labels[value], k).item<std::int64_t>();
      const auto depth = static_cast<std::size_t>(k);
      if (depth <= encoded[value].size()) {
        EXPECT_EQ(*tree.label(tree.level(k).at(found)), encoded[value][depth - 1]) << "level " << k;
      } else if (value == 0) {
        EXPECT_EQ(*tree.label(tree.level(k).at(found)), 0) << "a shallow leaf stands for itself";
      } else {
        EXPECT_EQ(found, kIgnored) << "an inner node does not determine level " << k;
      }
    }
  }
}

}  // namespace gyroseg::labels_test
