#include "gyroseg/data/resize.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include <cmath>

#include "planted_set.h"

namespace gyroseg::resize_test {

TEST(Resize, LabelsTakeTheNearestCentre) {
  const torch::Tensor labels = torch::arange(20 * 28, torch::kInt64).reshape({20, 28});
  for (const std::array<int, 2> size :
       {std::array<int, 2>{10, 14}, {20, 28}, {7, 5}, {33, 61}, {1, 1}}) {
    const torch::Tensor small = resize_labels(labels, size);
    for (int y = 0; y < size[0]; ++y) {
      for (int x = 0; x < size[1]; ++x) {
        const auto row = static_cast<std::int64_t>(std::floor((y + 0.5) * 20.0 / size[0]));
        const auto column = static_cast<std::int64_t>(std::floor((x + 0.5) * 28.0 / size[1]));
        ASSERT_EQ(small[y][x].item<std::int64_t>(), row * 28 + column)
            << size[0] << " " << x << " " << y;
      }
    }
  }
}

TEST(Resize, HalvingAveragesFourPixels) {
  const torch::Tensor rgb = testing::random_bytes({8, 12, 3}, 1);
  const torch::Tensor small = resize_image(rgb, {4, 6});
  const torch::Tensor mean = rgb.to(torch::kFloat64).reshape({4, 2, 6, 2, 3}).mean({1, 3});
  // Rounded to whole grey values, so at most 1/2 away.
  EXPECT_LE((small.to(torch::kFloat64) - mean).abs().max().item<double>(), 0.5);
}

TEST(Resize, EnlargingIsTorchsBilinear) {
  const torch::Tensor rgb = testing::random_bytes({8, 12, 3}, 2);
  const torch::Tensor large = resize_image(rgb, {13, 30});
  const torch::Tensor reference =
      torch::upsample_bilinear2d(rgb.permute({2, 0, 1}).unsqueeze(0).to(torch::kFloat64), {13, 30},
                                 false)
          .squeeze(0)
          .permute({1, 2, 0});
  // OpenCV interpolates bytes with 11-bit weights: half a grey value of rounding and two of weight
  // error.
  EXPECT_LE((large.to(torch::kFloat64) - reference).abs().max().item<double>(), 1.0);
}

TEST(Resize, SizesWithinALimitKeepTheirProportion) {
  using Size = std::array<int, 2>;
  EXPECT_EQ(size_within(400, 300, 400), (Size{400, 300}));
  EXPECT_EQ(size_within(300, 1024, 512), (Size{150, 512}));
  EXPECT_EQ(size_within(1000, 333, 400), (Size{400, 133}));
  EXPECT_EQ(size_within(2000, 1, 400), (Size{400, 1}));
}

TEST(Resize, RefusesWrongShapes) {
  EXPECT_THROW(static_cast<void>(resize_image(torch::zeros({4, 4}, torch::kUInt8), {2, 2})),
               c10::ValueError);
  EXPECT_THROW(static_cast<void>(resize_labels(torch::zeros({4, 4}, torch::kInt32), {2, 2})),
               c10::ValueError);
  EXPECT_THROW(static_cast<void>(resize_labels(torch::zeros({4, 4}, torch::kInt64), {0, 2})),
               c10::ValueError);
}

}  // namespace gyroseg::resize_test
