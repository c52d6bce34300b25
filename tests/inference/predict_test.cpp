#include "gyroseg/inference/predict.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/utils.h>

#include <vector>

#include "support/value_error.h"

namespace gyroseg::predict_test {

using ::testing::ElementsAre;
using testing::expect_value_error;
using ::testing::Pair;

InferenceConfig with_window(std::array<int, 2> window) {
  InferenceConfig options;
  options.window = window;
  return options;
}

// Every output reads one pixel, and whole numbers stay whole: sums and means of equal ones are exact.
torch::Tensor pixelwise(const torch::Tensor& part, const Window&) {
  return torch::cat({2 * part.narrow(1, 0, 1) - part.narrow(1, 1, 1), part.narrow(1, 2, 1) + 7}, 1);
}

torch::Tensor whole_numbers(std::int64_t height, std::int64_t width) {
  return torch::randint(-50, 50, {2, 3, height, width}).to(torch::kFloat32);
}

// A network that sees neighbours and knows left from right, at half the resolution.
torch::Tensor lopsided(const torch::Tensor& part, const Window&) {
  const torch::Tensor shifted = torch::constant_pad_nd(part, {3, 0, 1, 0})
                                    .narrow(2, 0, part.size(2))
                                    .narrow(3, 0, part.size(3));
  return torch::avg_pool2d(torch::relu(part + 2 * shifted), 2, 2, 0, /*ceil_mode=*/true);
}

TEST(Predict, WholeImageIsTheNetworksLogitsResized) {
  torch::manual_seed(1);
  const torch::Tensor images = torch::randn({2, 3, 9, 14});
  EXPECT_TRUE(predict(lopsided, images, {20, 17}, {})
                  .equal(torch::upsample_bilinear2d(lopsided(images, {}), {20, 17}, false)));
}

TEST(Predict, APixelwiseNetworkGivesTheSameByWindowAndFlip) {
  torch::manual_seed(2);
  for (const auto& [height, width] : {std::pair{16, 16}, std::pair{13, 29}, std::pair{5, 3}}) {
    const torch::Tensor images = whole_numbers(height, width);
    const torch::Tensor expected = pixelwise(images, {});
    for (const bool flip : {false, true}) {
      for (InferenceConfig options :
           {InferenceConfig{}, with_window({8, 8}), with_window({7, 64})}) {
        options.flip = flip;
        EXPECT_TRUE(predict(pixelwise, images, {height, width}, options).equal(expected))
            << describe(options) << " on " << height << " x " << width;
      }
    }
  }
}

TEST(Predict, WithAFlipTheMirrorImageGivesTheMirroredLogits) {
  torch::manual_seed(3);
  const torch::Tensor images = torch::randn({1, 3, 11, 18});
  for (InferenceConfig options : {InferenceConfig{}, with_window({6, 8})}) {
    options.flip = true;
    const std::array<std::int64_t, 2> size = {23, 31};
    const torch::Tensor logits = predict(lopsided, images, size, options);
    const torch::Tensor mirrored = predict(lopsided, images.flip({3}), size, options);
    // The same two terms; a sum of two does not depend on their order.
    EXPECT_TRUE(mirrored.flip({3}).equal(logits));
    options.flip = false;
    const torch::Tensor one = predict(lopsided, images, size, options);
    const torch::Tensor other = predict(lopsided, images.flip({3}), size, options).flip({3});
    EXPECT_FALSE(one.equal(other));
    EXPECT_TRUE(logits.equal((one + other) / 2));
  }
}

TEST(Predict, EveryScaleIsSeenAndAveragedAtTheSizeAskedFor) {
  std::vector<std::int64_t> seen;
  // One logit an image, its height: the mean of the heights comes out.
  const auto network = [&seen](const torch::Tensor& part, const Window& where) {
    EXPECT_EQ(part.size(2), where.height);
    EXPECT_EQ(part.size(3), where.width);
    seen.insert(seen.end(), {part.size(2), part.size(3)});
    return torch::full({1, 4, 1, 1}, static_cast<double>(part.size(2)));
  };
  InferenceConfig options;
  options.scales = {0.5, 1.0, 1.75, 0.01};
  const torch::Tensor logits = predict(network, torch::zeros({1, 3, 13, 8}), {6, 10}, options);
  // 6.5 and 22.75 round to 7 and 23; no side falls below 1.
  EXPECT_THAT(seen, ElementsAre(7, 4, 13, 8, 23, 14, 1, 1));
  // The bilinear weights of a pixel add up to 1 but for rounding.
  const torch::Tensor mean = torch::full({1, 4, 6, 10}, (7 + 13 + 23 + 1) / 4.0F);
  EXPECT_TRUE(logits.allclose(mean, 1e-6, 0)) << logits;
}

TEST(Predict, ScalesLeaveARampWhereItIs) {
  // Linear resizing keeps a linear image; only near the edges, where it repeats, does it bend.
  const torch::Tensor ramp = torch::arange(64, torch::kFloat32).view({1, 1, 1, 64}) +
                             3 * torch::arange(48, torch::kFloat32).view({1, 1, 48, 1});
  const torch::Tensor images = ramp.expand({1, 3, 48, 64}).contiguous();
  const auto network = [](const torch::Tensor& part, const Window&) {
    return part.narrow(1, 0, 1);
  };
  for (InferenceConfig options : {InferenceConfig{}, with_window({20, 28})}) {
    options.flip = true;
    for (const double scale : {0.5, 1.5, 2.0}) {
      options.scales = {scale};
      const torch::Tensor logits = predict(network, images, {48, 64}, options);
      const auto inner = [](const torch::Tensor& x) { return x.narrow(2, 5, 38).narrow(3, 5, 54); };
      // Values up to 205 in float32, interpolated twice with weights of an error near 1e-6.
      EXPECT_LT((inner(logits) - inner(ramp)).abs().max().item<float>(), 1e-3) << scale;
    }
  }
}

TEST(Predict, ShrinkingDoesNotSkipPixels) {
  // Stripes of one pixel: half the scale must see their mean, not every other stripe.
  const torch::Tensor stripes =
      (torch::arange(32) % 2).to(torch::kFloat32).expand({1, 3, 8, 32}).contiguous();
  const auto network = [](const torch::Tensor& part, const Window&) {
    // The triangle of width 4 over 0, 1, 0, 1 gives 1/2; the edges have less to see.
    EXPECT_TRUE(part.narrow(3, 2, 12).allclose(torch::full({1, 3, 4, 12}, 0.5F), 0, 1e-6));
    return part;
  };
  InferenceConfig options;
  options.scales = {0.5};
  (void)predict(network, stripes, {8, 32}, options);
}

TEST(Predict, WindowsKeepTheirSizeAtEveryScaleAndSmallImagesArePadded) {
  int windows = 0;
  const auto network = [&windows](const torch::Tensor& part, const Window&) {
    EXPECT_EQ(part.sizes(), (torch::IntArrayRef{1, 3, 10, 12}));
    ++windows;
    return part;
  };
  InferenceConfig options = with_window({10, 12});
  options.scales = {0.5, 1.0};
  options.flip = true;
  const torch::Tensor images = torch::ones({1, 3, 16, 16});
  // 8 x 8 fits into one window; 16 x 16 with strides 6 and 8 takes 2 x 2. The padding is cut off.
  EXPECT_TRUE(predict(network, images, {16, 16}, options).equal(images));
  EXPECT_EQ(windows, 2 * (1 + 4));
}

TEST(Predict, TheImagesAndTheNetworksLogitsStayAsTheyAre) {
  torch::manual_seed(4);
  const torch::Tensor images = torch::randn({1, 3, 6, 6});
  const torch::Tensor before = images.clone();
  InferenceConfig options;
  options.scales = {1.0, 1.0};
  options.flip = true;
  const auto network = [&images](const torch::Tensor&, const Window&) { return images; };
  (void)predict(network, images, {6, 6}, options);
  EXPECT_TRUE(images.equal(before));
  const torch::Tensor half =
      predict([](const torch::Tensor& part, const Window&) { return part.to(torch::kBFloat16); },
              images, {6, 6}, options);
  EXPECT_EQ(half.scalar_type(), torch::kFloat32);
}

TEST(Predict, TheDefaultStrideIsTwoThirdsOfTheWindow) {
  EXPECT_THAT(stride_of(with_window({512, 769})), ElementsAre(341, 512));
  EXPECT_THAT(stride_of(with_window({1, 2})), ElementsAre(1, 1));
  InferenceConfig options = with_window({512, 769});
  options.stride = {{100, 200}};
  EXPECT_THAT(stride_of(options), ElementsAre(100, 200));
}

TEST(Predict, SettingsAreThoseInEffect) {
  InferenceConfig options;
  EXPECT_EQ(describe(options), "inference.window=null inference.scales=[1] inference.flip=false");
  options = with_window({12, 9});
  options.scales = {0.5, 1, 1.75};
  options.flip = true;
  EXPECT_THAT(
      settings_of(options),
      ElementsAre(Pair("inference.window", "[12,9]"), Pair("inference.stride", "[8,6]"),
                  Pair("inference.scales", "[0.5,1,1.75]"), Pair("inference.flip", "true")));
}

TEST(Predict, WrongArgumentsAreNamed) {
  const torch::Tensor images = torch::zeros({1, 3, 4, 4});
  InferenceConfig options;
  options.scales = {};
  expect_value_error([&] { (void)predict(pixelwise, images, {4, 4}, options); }, "got none");
  options.scales = {1.0, -2.0};
  expect_value_error([&] { (void)predict(pixelwise, images, {4, 4}, options); }, "got -2");
  expect_value_error([&] { (void)predict(pixelwise, images[0], {4, 4}, {}); }, "got [3, 4, 4]");
  options = with_window({4, 4});
  options.stride = {{4, 5}};
  expect_value_error(
      [&] {
        (void)predict(pixelwise, images, {4, 4}, options);
      },
      "got stride 5 and window 4");
  expect_value_error([] { (void)stride_of({}); }, "no window");
}

}  // namespace gyroseg::predict_test
