#include "gyroseg/report/sample_view.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include "gyroseg/data/image_io.h"
#include "gyroseg/inference/decode.h"
#include "gyroseg/report/palette.h"
#include "support/tiny_run.h"

namespace gyroseg::sample_view_test {

Rgb pixel(const torch::Tensor& image, std::int64_t y, std::int64_t x) {
  Rgb color;
  for (int c = 0; c < 3; ++c) {
    color[c] = image[y][x][c].item<std::uint8_t>();
  }
  return color;
}

// Panels are 1 x 3 pixels, 4 white ones apart: columns 0, 7 and 14; a row a level: 0, 5 and 10.
TEST(SampleView, HoldsImageTruthAndPredictionOfEveryLevel) {
  const TemporaryFolder folder("sample_view");
  const Hierarchy tree(pascal_part());
  const torch::Tensor image = torch::tensor({1, 2, 3, 4, 5, 6, 7, 8, 9}, torch::kUInt8).view({1, 3, 3});
  const torch::Tensor labels =
      torch::tensor({tree.find("head"), tree.find("upper_body"), static_cast<int>(kIgnored)}, torch::kInt64).view({1, 3});
  std::vector<torch::Tensor> predictions;
  for (int k = 1; k <= 3; ++k) {
    predictions.push_back(torch::tensor({{0, tree.class_at(k, tree.find("up_leg")), -1}}, torch::kInt64));
  }
  const std::filesystem::path file = folder.path() / "a.png";
  write_sample_view(file, tree, node_palette(tree), {image, labels, predictions});
  const torch::Tensor sheet = read_image(file);
  ASSERT_EQ(sheet.sizes(), (std::vector<std::int64_t>{11, 17, 3}));
  const Rgb black{0, 0, 0};
  const Rgb white{255, 255, 255};
  for (int k = 1; k <= 3; ++k) {
    const std::int64_t y = 5 * (k - 1);
    const std::vector<Rgb> colors = level_palette(tree, k, node_palette(tree));
    EXPECT_EQ(pixel(sheet, y, 1), (Rgb{4, 5, 6}));
    EXPECT_EQ(pixel(sheet, y, 5), white);
    EXPECT_EQ(pixel(sheet, y, 7), colors[tree.class_at(k, tree.find("head"))]);
    EXPECT_EQ(pixel(sheet, y, 8), k == 3 ? black : colors[tree.class_at(k, tree.find("upper_body"))]);
    EXPECT_EQ(pixel(sheet, y, 9), black);
    EXPECT_EQ(pixel(sheet, y, 14), colors[0]);
    EXPECT_EQ(pixel(sheet, y, 15), colors[tree.class_at(k, tree.find("up_leg"))]);
    EXPECT_EQ(pixel(sheet, y, 16), black);
  }
  EXPECT_NE(pixel(sheet, 0, 7), pixel(sheet, 0, 14));
  EXPECT_EQ(pixel(sheet, 2, 7), white);
}

TEST(SampleView, RefusesWhatDoesNotFit) {
  const Hierarchy tree(pascal_part());
  const torch::Tensor image = torch::zeros({2, 3, 3}, torch::kUInt8);
  const torch::Tensor labels = torch::zeros({2, 3}, torch::kInt64);
  EXPECT_THROW(write_sample_view("a.png", tree, node_palette(tree), {image, labels, {labels, labels}}), c10::ValueError);
  EXPECT_THROW(write_sample_view("a.png", tree, node_palette(tree), {image, labels, {labels, labels, labels.t()}}), c10::ValueError);
}

}  // namespace gyroseg::sample_view_test
