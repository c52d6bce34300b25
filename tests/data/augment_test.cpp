#include "gyroseg/data/augment.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include <algorithm>
#include <cmath>

#include "gyroseg/hierarchy/hierarchy.h"
#include "planted_set.h"

namespace gyroseg::augment_test {

constexpr std::int64_t kHeight = 48;
constexpr std::int64_t kWidth = 60;
const std::array<double, 3> kMean = {0.0, 0.0, 0.0};
const std::array<double, 3> kDeviation = {1.0 / 255, 1.0 / 255,
                                          1.0 / 255};  // rendered values are bytes

/// Red is 4 x, green 4 y, and the label is the pixel's number: both tell where a pixel comes from.
ResizedSample ramps() {
  const auto x = torch::arange(kWidth).unsqueeze(0).expand({kHeight, kWidth});
  const auto y = torch::arange(kHeight).unsqueeze(1).expand({kHeight, kWidth});
  return {torch::stack({4 * x, 4 * y, torch::full({kHeight, kWidth}, 100)}, 2)
              .to(torch::kUInt8)
              .contiguous(),
          (y * kWidth + x).contiguous()};
}

Sample rendered(const ResizedSample& source, const Augmentation& augmentation,
                const std::array<double, 3>& mean = kMean,
                const std::array<double, 3>& deviation = kDeviation) {
  Sample sample{torch::full(source.image.sizes(), -1e9F).permute({2, 0, 1}).contiguous(),
                torch::full(source.labels.sizes(), -99, torch::kInt64)};
  render(source, augmentation, mean, deviation, sample.image, sample.labels);
  return sample;
}

TEST(Augment, DefaultOnlyNormalises) {
  const ResizedSample source{testing::random_bytes({6, 8, 3}, 1),
                             torch::arange(48).reshape({6, 8})};
  const std::array<double, 3> mean = {0.485, 0.456, 0.406};
  const std::array<double, 3> deviation = {0.229, 0.224, 0.225};
  const Sample sample = rendered(source, {}, mean, deviation);
  const auto column = [](const std::array<double, 3>& v) {
    return torch::tensor({v[0], v[1], v[2]}, torch::kFloat64).reshape({3, 1, 1});
  };
  const torch::Tensor reference =
      (source.image.permute({2, 0, 1}).to(torch::kFloat64) / 255 - column(mean)) /
      column(deviation);
  EXPECT_LT((sample.image - reference).abs().max().item<double>(),
            1e-6);  // float32 of values below 3
  EXPECT_TRUE(torch::equal(sample.labels, source.labels));
}

TEST(Augment, ImageAndLabelsStayAlignedAtEveryScale) {
  const ResizedSample source = ramps();
  AugmentConfig config;
  config.scale = {0.6, 2.0};
  config.flip = 0.5;
  for (int trial = 0; trial < 50; ++trial) {
    const Augmentation augmentation = draw_augmentation(config, Random(trial));
    const Sample sample = rendered(source, augmentation);
    const torch::Tensor kept = sample.labels.ge(0);
    const torch::Tensor column = sample.labels.remainder(kWidth).to(torch::kFloat32);
    const torch::Tensor row = sample.labels.div(kWidth, "floor").to(torch::kFloat32);
    // Nearest and interpolated positions differ by half a source pixel, more by 1/8 for rounded
    // bytes; where the image shrinks, an area average lies anywhere in the covered 1/scale pixels.
    const double bound = 0.5 * std::max(1.0, 1.0 / augmentation.scale) + 0.25;
    for (const auto& offset : {(sample.image[0] / 4 - column).masked_select(kept),
                               (sample.image[1] / 4 - row).masked_select(kept)}) {
      EXPECT_LE(offset.abs().max().item<double>(), bound) << "scale " << augmentation.scale;
      // On average they agree but for 1/(2q) where 1/scale = p/q with p even, 1/6 at most above
      // scale 1/2, and for the edge of the crop.
      EXPECT_LE(std::abs(offset.mean().item<double>()), 0.2) << "scale " << augmentation.scale;
    }
  }
}

TEST(Augment, PixelsComeFromTheirCentres) {
  const ResizedSample source = ramps();
  for (const double scale : {1.0, 1.25, 1.37, 1.5, 2.0}) {
    const Sample sample = rendered(source, {scale, 0.0, 0.0});
    const double ratio =
        static_cast<double>(kWidth) / static_cast<double>(std::lround(kWidth * scale));
    for (std::int64_t x = 0; x < kWidth; ++x) {
      const double centre = (static_cast<double>(x) + 0.5) * ratio;
      // OpenCV interpolates bytes in fixed point, in two passes: one byte, 1/4 of a column, either
      // way. A shift by half a source pixel would be 1/2.
      EXPECT_NEAR(sample.image[0][0][x].item<double>() / 4, std::max(centre - 0.5, 0.0), 0.25)
          << scale << " " << x;
      EXPECT_EQ(sample.labels[0][x].item<std::int64_t>(), static_cast<std::int64_t>(centre))
          << scale << " " << x;
    }
  }
}

TEST(Augment, FlipMirrorsBoth) {
  const ResizedSample source = ramps();
  const Augmentation plain{1.37, 0.3, 0.8, false, 1.1, 0.9, 1.2};
  Augmentation flipped = plain;
  flipped.flip = true;
  const Sample a = rendered(source, plain);
  const Sample b = rendered(source, flipped);
  EXPECT_TRUE(torch::equal(a.image.flip(2), b.image));
  EXPECT_TRUE(torch::equal(a.labels.flip(1), b.labels));
  EXPECT_FALSE(torch::equal(a.labels, b.labels));
}

TEST(Augment, CropReachesBothEnds) {
  const ResizedSample source = ramps();
  const Sample first = rendered(source, {2.0, 0.0, 0.0});
  EXPECT_EQ(first.labels[0][0].item<std::int64_t>(), 0);
  const Sample last = rendered(source, {2.0, 0.999999, 0.999999});
  EXPECT_EQ(last.labels[kHeight - 1][kWidth - 1].item<std::int64_t>(), kHeight * kWidth - 1);
  EXPECT_TRUE(last.labels.ge(0).all().item<bool>());
}

TEST(Augment, PadsWithTheMeanColourAndIgnored) {
  const ResizedSample source = ramps();
  const Sample sample = rendered(source, {0.5, 0.5, 0.999999}, {0.4, 0.5, 0.6}, {0.2, 0.2, 0.2});
  const torch::Tensor padded = sample.labels.eq(kIgnored);
  EXPECT_EQ(padded.sum().item<std::int64_t>(), kHeight * kWidth - kHeight / 2 * (kWidth / 2));
  EXPECT_TRUE(sample.image.masked_select(padded.unsqueeze(0)).eq(0).all().item<bool>());
  EXPECT_TRUE(padded.narrow(1, 0, kWidth / 2).all().item<bool>()) << "placed at the right";
  EXPECT_FALSE(padded[kHeight / 2][kWidth - 1].item<bool>());
}

TEST(Augment, ColoursFollowTheirDefinition) {
  const ResizedSample source{testing::random_bytes({6, 8, 3}, 9),
                             torch::zeros({6, 8}, torch::kInt64)};
  const Augmentation a{1.0, 0.0, 0.0, false, 1.2, 0.7, 1.4};
  const torch::Tensor grey =
      torch::tensor({0.299, 0.587, 0.114}, torch::kFloat64).reshape({3, 1, 1});
  torch::Tensor v = source.image.permute({2, 0, 1}).to(torch::kFloat64);
  v = v * a.brightness;
  const torch::Tensor mean = (v * grey).sum(0).mean();
  v = mean + a.contrast * (v - mean);
  const torch::Tensor luma = (v * grey).sum(0, true);
  v = (luma + a.saturation * (v - luma)).clamp(0, 255);
  // float32 sums of values up to 255 * 1.2
  EXPECT_LT((rendered(source, a).image - v).abs().max().item<double>(), 1e-3);
}

TEST(Augment, WritesIntoAChannelsLastBatch) {
  const ResizedSample source = ramps();
  const Augmentation a{1.2, 0.5, 0.5, true, 1.0, 1.0, 1.0};
  const Sample plain = rendered(source, a);
  const torch::Tensor images =
      torch::empty({2, 3, kHeight, kWidth}, torch::TensorOptions(torch::kFloat32),
                   torch::MemoryFormat::ChannelsLast);
  const torch::Tensor labels = torch::empty({2, kHeight, kWidth}, torch::kInt64);
  render(source, a, kMean, kDeviation, images[1], labels[1]);
  EXPECT_TRUE(torch::equal(images[1], plain.image));
  EXPECT_TRUE(torch::equal(labels[1], plain.labels));
}

TEST(Augment, InputsAreNotChangedAndContractsHold) {
  const ResizedSample source = ramps();
  const torch::Tensor image = source.image.clone();
  const torch::Tensor labels = source.labels.clone();
  static_cast<void>(rendered(source, {1.0, 0, 0, true, 1.3, 0.8, 0.5}));
  EXPECT_TRUE(torch::equal(source.image, image));
  EXPECT_TRUE(torch::equal(source.labels, labels));
  EXPECT_THROW(render(source, {}, kMean, kDeviation, torch::zeros({3, 4, 4}),
                      torch::zeros({4, 4}, torch::kInt64)),
               c10::ValueError);
}

TEST(Augment, TurningOneOffLeavesTheOthers) {
  AugmentConfig all{0.5, {0.5, 2.0}, 0.3, 0.3, 0.3};
  AugmentConfig no_scale = all;
  no_scale.scale = {1, 1};
  const Augmentation a = draw_augmentation(all, Random(3));
  const Augmentation b = draw_augmentation(no_scale, Random(3));
  EXPECT_NE(a.scale, 1.0);
  EXPECT_EQ(b.scale, 1.0);
  EXPECT_EQ(a.top, b.top);
  EXPECT_EQ(a.flip, b.flip);
  EXPECT_EQ(a.brightness, b.brightness);
  EXPECT_EQ(a.saturation, b.saturation);
  EXPECT_EQ(a.flip_vertical + a.crop + a.rotation + a.clahe + a.gamma, 0 + 1 + 0 + 0 + 1);
  const Augmentation none = draw_augmentation(AugmentConfig{}, Random(3));
  EXPECT_EQ(none.scale * none.brightness * none.contrast * none.saturation, 1.0);
  EXPECT_FALSE(none.flip);
}

}  // namespace gyroseg::augment_test
