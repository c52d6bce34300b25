#include "gyroseg/report/overlay.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include <limits>

namespace gyroseg::overlay_test {

TEST(Overlay, BlendsAndLeavesIgnoredPixels) {
  const torch::Tensor image =
      torch::tensor({{{100, 100, 100}, {10, 20, 30}, {0, 255, 7}}}, torch::kUInt8);
  const torch::Tensor classes = torch::tensor({{1, -1, 0}}, torch::kInt64);
  const std::vector<Rgb> palette = {{0, 0, 0}, {200, 0, 100}};
  const torch::Tensor half = overlay(image, classes, palette, 0.25);
  // 75 + 50, 75 + 0, 75 + 25; untouched; 0, 191.25, 5.25.
  EXPECT_TRUE(
      half.equal(torch::tensor({{{125, 75, 100}, {10, 20, 30}, {0, 191, 5}}}, torch::kUInt8)))
      << half;
  EXPECT_TRUE(overlay(image, classes, palette, 0).equal(image));
  EXPECT_TRUE(colored(classes, palette)
                  .equal(torch::tensor({{{200, 0, 100}, {0, 0, 0}, {0, 0, 0}}}, torch::kUInt8)));
}

TEST(Overlay, WrongInputIsRefused) {
  const torch::Tensor image = torch::zeros({2, 3, 3}, torch::kUInt8);
  const torch::Tensor classes = torch::zeros({2, 3}, torch::kInt64);
  const std::vector<Rgb> palette = {{1, 2, 3}};
  EXPECT_THROW((void)overlay(image.to(torch::kFloat), classes, palette), c10::ValueError);
  EXPECT_THROW((void)overlay(image, classes.t(), palette), c10::ValueError);
  EXPECT_THROW((void)overlay(image, classes + 1, palette), c10::ValueError);
  EXPECT_THROW((void)overlay(image, classes, palette, 1.5), c10::ValueError);
}

TEST(ConfidenceImage, GreyIsTheValueAndHeatBrightens) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const torch::Tensor grey =
      confidence_image(torch::tensor({{0.0F, 0.2F, 1.0F, nan}}), ConfidenceColors::grey);
  EXPECT_TRUE(grey.select(2, 1).flatten().equal(torch::tensor({0, 51, 255, 0}, torch::kUInt8)));
  const torch::Tensor heat = confidence_image(torch::linspace(0, 1, 101).unsqueeze(0));
  EXPECT_EQ(heat.sizes(), (torch::IntArrayRef{1, 101, 3}));
  // Luma by ITU-R BT.601; half a grey level of rounding in each channel.
  const torch::Tensor luma =
      heat.to(torch::kFloat).matmul(torch::tensor({0.299F, 0.587F, 0.114F})).flatten();
  EXPECT_GT((luma.slice(0, 1) - luma.slice(0, 0, 100)).min().item<float>(), -0.5);
  EXPECT_THROW((void)confidence_image(torch::zeros({3})), c10::ValueError);
}

}  // namespace gyroseg::overlay_test
