// Crop, rotation, vertical flip, CLAHE and gamma: where each pixel comes from, and that image and mask
// move together through all of them.
#include <gtest/gtest.h>
#include <torch/types.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <complex>
#include <numbers>
#include <vector>

#include "gyroseg/data/augment.h"
#include "gyroseg/hierarchy/hierarchy.h"
#include "planted_set.h"

namespace gyroseg::augment_kinds_test {

using testing::random_bytes;

const std::array<double, 3> kBlack = {0.0, 0.0, 0.0};
const std::array<double, 3> kBytes = {1.0 / 255, 1.0 / 255, 1.0 / 255};  // rendered values are bytes

Sample rendered(const ResizedSample& source, const Augmentation& augmentation,
                Resample resample = Resample::area) {
  const std::int64_t height = source.labels.size(0);
  const std::int64_t width = source.labels.size(1);
  Sample sample{torch::full({3, height, width}, -1e9F),
                torch::full({height, width}, -99, torch::kInt64)};
  render(source, augmentation, kBlack, kBytes, sample.image, sample.labels, resample);
  return sample;
}

/// Labels number the pixels.
ResizedSample numbered(std::int64_t height, std::int64_t width) {
  return {random_bytes({height, width, 3}, 4), torch::arange(height * width).reshape({height, width})};
}

torch::Tensor bytes_of(const Sample& sample) {
  return sample.image.permute({1, 2, 0}).round().to(torch::kUInt8);
}

TEST(AugmentKinds, VerticalFlipMirrorsBoth) {
  const ResizedSample source = numbered(10, 14);
  Augmentation a{1.37, 0.3, 0.8, true, 1.1, 0.9, 1.2};
  const Sample plain = rendered(source, a);
  a.flip_vertical = true;
  const Sample flipped = rendered(source, a);
  EXPECT_TRUE(torch::equal(plain.image.flip(1), flipped.image));
  EXPECT_TRUE(torch::equal(plain.labels.flip(0), flipped.labels));
  EXPECT_FALSE(torch::equal(plain.labels, flipped.labels));
}

TEST(AugmentKinds, AQuarterTurnOfASquareIsExact) {
  const ResizedSample source = numbered(12, 12);
  for (const int quarters : {-1, 1, 2, 3}) {
    Augmentation a;
    a.rotation = 90.0 * quarters;
    const Sample turned = rendered(source, a);
    // rot90 turns from the first axis to the second: down to right, counter-clockwise.
    EXPECT_TRUE(torch::equal(turned.labels, source.labels.rot90(quarters, {0, 1}))) << quarters;
    EXPECT_TRUE(torch::equal(bytes_of(turned), source.image.rot90(quarters, {0, 1}))) << quarters;
  }
  Augmentation half;
  half.rotation = 180;
  const ResizedSample oblong = numbered(9, 16);
  EXPECT_TRUE(torch::equal(rendered(oblong, half).labels, oblong.labels.flip({0, 1})));
}

/// Pixels as complex numbers about the centre, y up: turning back is a factor exp(-i angle).
TEST(AugmentKinds, RotationTakesEachPixelFromWhereItWas) {
  const ResizedSample source = numbered(31, 40);
  for (const double degrees : {-170.0, -33.0, 0.5, 15.0, 77.7}) {
    Augmentation a;
    a.rotation = degrees;
    const Sample turned = rendered(source, a);
    int outside = 0;
    for (int row = 0; row < 31; ++row) {
      for (int column = 0; column < 40; ++column) {
        const std::complex<double> to(column + 0.5 - 20, -(row + 0.5 - 15.5));
        const std::complex<double> from = to * std::polar(1.0, -degrees * std::numbers::pi / 180);
        const double x = from.real() + 20;
        const double y = 15.5 - from.imag();
        const bool inside = x >= 0 && x < 40 && y >= 0 && y < 31;
        const std::int64_t expected =
            inside ? static_cast<std::int64_t>(y) * 40 + static_cast<std::int64_t>(x) : kIgnored;
        const double edge = std::min(std::abs(x - std::round(x)), std::abs(y - std::round(y)));
        if (edge > 1e-9) {  // else rounding decides between neighbours
          ASSERT_EQ(turned.labels[row][column].item<std::int64_t>(), expected)
              << degrees << " " << column << " " << row;
        }
        if (!inside) {
          EXPECT_EQ(turned.image.select(1, row).select(1, column).abs().sum().item<double>(), 0);
          ++outside;
        }
      }
    }
    EXPECT_EQ(turned.labels.eq(kIgnored).sum().item<int>(), outside);
    EXPECT_EQ(outside > 0, std::abs(degrees) > 1);
  }
}

TEST(AugmentKinds, RotationInterpolatesRamps) {
  const auto x = torch::arange(40).unsqueeze(0).expand({40, 40});
  const ResizedSample source{torch::stack({5 * x, 5 * x.t(), torch::zeros_like(x)}, 2)
                                 .to(torch::kUInt8).contiguous(),
                             torch::zeros({40, 40}, torch::kInt64)};
  Augmentation a;
  a.rotation = 30;
  const Sample turned = rendered(source, a);
  for (int row = 12; row < 28; ++row) {
    for (int column = 12; column < 28; ++column) {
      const std::complex<double> to(column + 0.5 - 20, -(row + 0.5 - 20));
      const std::complex<double> from = to * std::polar(1.0, -std::numbers::pi / 6);
      // A linear ramp is interpolated exactly, but for the byte.
      EXPECT_NEAR(turned.image[0][row][column].item<double>(), 5 * (from.real() + 19.5), 0.51);
      EXPECT_NEAR(turned.image[1][row][column].item<double>(), 5 * (19.5 - from.imag()), 0.51);
    }
  }
}

TEST(AugmentKinds, ACropIsAWindowResizedBack) {
  const ResizedSample source = numbered(20, 28);
  for (const Resample resample : {Resample::area, Resample::lanczos}) {
    Augmentation a;
    a.crop = 0.5;
    a.crop_top = 0.999999;  // the last window
    a.crop_left = 4.5 / 15;  // the fourth of 28 - 14 + 1 places, counted from 0
    const Sample cropped = rendered(source, a, resample);
    const torch::Tensor labels = source.labels.slice(0, 10, 20).slice(1, 4, 18);
    EXPECT_TRUE(torch::equal(cropped.labels,
                             labels.repeat_interleave(2, 0).repeat_interleave(2, 1)));
    const torch::Tensor window = source.image.slice(0, 10, 20).slice(1, 4, 18).contiguous();
    EXPECT_TRUE(torch::equal(bytes_of(cropped), resize_image(window, {20, 28}, resample)));
  }
  Augmentation tiny;
  tiny.crop = 1e-6;
  EXPECT_TRUE(rendered(source, tiny).labels.eq(0).all().item<bool>()) << "at least one pixel";
}

/// The image is its mask in colours, blocks of 24 pixels: wherever the rendered mask is of one class all
/// around, the rendered image must have the colour of that class; outside it must be black.
TEST(AugmentKinds, ImageAndMaskMoveTogetherThroughAll) {
  const std::int64_t block = 24;
  const torch::Tensor classes = torch::arange(20).reshape({4, 5});
  const torch::Tensor labels =
      classes.repeat_interleave(block, 0).repeat_interleave(block, 1).contiguous();
  const torch::Tensor palette = random_bytes({20, 3}, 8, 200) + 50;  // no class is black
  const ResizedSample source{palette.index_select(0, labels.flatten())
                                 .reshape({4 * block, 5 * block, 3}).contiguous(),
                             labels};
  AugmentConfig config;
  config.flip = config.flip_vertical = config.crop = 0.5;
  config.scale = {0.7, 1.5};
  config.rotation = 60;
  std::int64_t tested = 0;
  std::int64_t padded = 0;
  for (int trial = 0; trial < 40; ++trial) {
    const Augmentation a = draw_augmentation(config, Random(trial));
    const Sample sample = rendered(source, a, trial % 2 == 0 ? Resample::area : Resample::bilinear);
    const torch::Tensor outside = sample.labels.eq(kIgnored);
    EXPECT_TRUE(sample.image.masked_select(outside).eq(0).all().item<bool>());
    // Blending reaches as far as a pixel of the source, at most 2 * 1.5 of the result, and one more.
    const torch::Tensor numbers = sample.labels.to(torch::kFloat64).unsqueeze(0).unsqueeze(0);
    const torch::Tensor highest = torch::max_pool2d(numbers, 11, 1, 5);
    const torch::Tensor lowest = -torch::max_pool2d(-numbers, 11, 1, 5);
    torch::Tensor seen = torch::zeros_like(outside);  // next to the edge, blocks outside blend in
    seen.slice(0, 5, 4 * block - 5).slice(1, 5, 5 * block - 5).fill_(true);
    const torch::Tensor uniform = (highest == lowest).squeeze() & ~outside & seen;
    const torch::Tensor expected = palette.index_select(0, sample.labels.clamp_min(0).flatten())
                                       .reshape({4 * block, 5 * block, 3})
                                       .permute({2, 0, 1});
    const torch::Tensor error =
        (sample.image - expected.to(torch::kFloat32)).abs().masked_select(uniform);
    if (error.numel() > 0) {
      EXPECT_LE(error.max().item<double>(), 1.01) << trial;
    }
    tested += uniform.sum().item<std::int64_t>();
    padded += outside.sum().item<std::int64_t>();
  }
  EXPECT_GT(tested, 40 * labels.numel() / 10);
  EXPECT_GT(padded, 40 * labels.numel() / 20);
}

TEST(AugmentKinds, RangesAreKept) {
  AugmentConfig config;
  config.crop = 0.5;
  config.crop_size = {0.3, 0.6};
  config.rotation = 15;
  config.clahe = 0.25;
  config.clahe_clip = {2, 3};
  config.gamma = {0.8, 1.25};
  config.flip_vertical = 0.75;
  int crops = 0;
  int clahes = 0;
  int flips = 0;
  double lowest = 0;
  double highest = 0;
  for (int index = 0; index < 2000; ++index) {
    const Augmentation a = draw_augmentation(config, Random::of(1, 2, index));
    EXPECT_TRUE(a.crop == 1 || (a.crop >= 0.3 && a.crop < 0.6)) << a.crop;
    EXPECT_TRUE(a.clahe == 0 || (a.clahe >= 2 && a.clahe < 3)) << a.clahe;
    EXPECT_TRUE(a.gamma >= 0.8 && a.gamma < 1.25) << a.gamma;
    EXPECT_TRUE(a.crop_top >= 0 && a.crop_top < 1 && a.crop_left >= 0 && a.crop_left < 1);
    lowest = std::min(lowest, a.rotation);
    highest = std::max(highest, a.rotation);
    crops += a.crop < 1 ? 1 : 0;
    clahes += a.clahe > 0 ? 1 : 0;
    flips += a.flip_vertical ? 1 : 0;
  }
  EXPECT_TRUE(lowest >= -15 && lowest < -14.8 && highest <= 15 && highest > 14.8);
  // 5 standard deviations of a binomial of 2000 are at most 112.
  EXPECT_NEAR(crops, 1000, 112);
  EXPECT_NEAR(clahes, 500, 112);
  EXPECT_NEAR(flips, 1500, 112);
}

/// Seed 004's Compose: each kind with probability 1/2, and independent ones.
TEST(AugmentKinds, EachKindHasAProbabilityOfItsOwn) {
  AugmentConfig config;
  config.scale = {0.5, 0.9};
  config.gamma = {0.5, 0.9};
  config.brightness = config.contrast = config.saturation = 0.2;
  config.rotation = 15;
  const AugmentConfig always = config;
  config.scale_p = 0.1;
  config.brightness_p = config.contrast_p = 0.5;
  config.saturation_p = 0.75;
  config.rotation_p = 0.25;
  config.gamma_p = 0.5;
  int both = 0;
  std::array<int, 6> counts{};
  for (int index = 0; index < 2000; ++index) {
    const Augmentation a = draw_augmentation(config, Random::of(1, 2, index));
    const Augmentation full = draw_augmentation(always, Random::of(1, 2, index));
    const std::array<std::array<double, 3>, 6> fields = {{{a.scale, full.scale, 1},
                                                         {a.brightness, full.brightness, 1},
                                                         {a.contrast, full.contrast, 1},
                                                         {a.saturation, full.saturation, 1},
                                                         {a.rotation, full.rotation, 0},
                                                         {a.gamma, full.gamma, 1}}};
    for (std::size_t i = 0; i < fields.size(); ++i) {
      const auto& [field, when_applied, neutral] = fields[i];
      EXPECT_NE(when_applied, neutral) << "probability 1 by default";
      EXPECT_TRUE(field == when_applied || field == neutral) << i;
      counts[i] += field != neutral ? 1 : 0;
    }
    both += a.brightness != 1 && a.contrast != 1 ? 1 : 0;
    // What else is drawn does not move.
    EXPECT_EQ(a.top, full.top);
    EXPECT_EQ(a.crop_left, full.crop_left);
  }
  // 5 standard deviations of a binomial of 2000 are at most 112.
  const std::array<int, 6> expected = {200, 1000, 1000, 1500, 500, 1000};
  for (std::size_t i = 0; i < counts.size(); ++i) {
    EXPECT_NEAR(counts[i], expected[i], 112) << i;
  }
  EXPECT_NEAR(both, 500, 112) << "independent";
}

/// The same draw for (seed, epoch, index) whatever was drawn before; another one for another triple.
TEST(AugmentKinds, ADrawDependsOnSeedEpochAndIndexAlone) {
  AugmentConfig config;
  config.scale = {0.5, 2};
  config.brightness = config.contrast = config.saturation = 0.5;
  config.rotation = 90;
  config.gamma = {0.5, 2};
  config.scale_p = config.brightness_p = config.contrast_p = 0.5;
  config.saturation_p = config.rotation_p = config.gamma_p = 0.5;
  config.flip = config.flip_vertical = config.crop = config.clahe = 0.5;
  const auto fields = [&](std::uint64_t seed, std::int64_t epoch, std::int64_t index) {
    const Augmentation a = draw_augmentation(config, Random::of(seed, epoch, index));
    return std::vector<double>{a.scale,      a.top,        a.left,          a.flip ? 1.0 : 0.0,
                               a.brightness, a.contrast,   a.saturation,    a.flip_vertical ? 1.0 : 0.0,
                               a.crop,       a.crop_top,   a.crop_left,     a.rotation,
                               a.clahe,      a.gamma};
  };
  const auto first = fields(7, 3, 11);
  EXPECT_NE(fields(8, 3, 11), first);
  EXPECT_NE(fields(7, 4, 11), first);
  EXPECT_NE(fields(7, 3, 12), first);
  EXPECT_NE(fields(7, 11, 3), first);
  EXPECT_EQ(fields(7, 3, 11), first);
}

TEST(AugmentKinds, GammaFollowsItsDefinition) {
  const ResizedSample source = numbered(10, 14);
  for (const double gamma : {0.5, 1.7}) {
    Augmentation a;
    a.gamma = gamma;
    const Sample sample = rendered(source, a);
    const torch::Tensor expected = (source.image.to(torch::kFloat64) / 255).pow(gamma) * 255;
    EXPECT_LE((sample.image.permute({1, 2, 0}) - expected).abs().max().item<double>(), 0.501);
    EXPECT_TRUE(torch::equal(sample.labels, source.labels));
  }
}

TEST(AugmentKinds, ClaheWidensContrastAndKeepsHue) {
  // A faint texture, reddish on the left and bluish on the right.
  const torch::Tensor texture = random_bytes({256, 256, 1}, 3, 12).to(torch::kInt32);
  torch::Tensor rgb = (texture + torch::tensor({120, 100, 90}, torch::kInt32)).contiguous();
  rgb.slice(1, 128, 256).copy_(rgb.slice(1, 128, 256).flip(2));
  const ResizedSample source{rgb.to(torch::kUInt8).contiguous(),
                             torch::zeros({256, 256}, torch::kInt64)};
  double spread = source.image.to(torch::kFloat64).mean(2).std().item<double>();
  for (const double clip : {1.0, 2.0, 4.0}) {
    Augmentation a;
    a.clahe = clip;
    const Sample sample = rendered(source, a);
    const double wider = sample.image.mean(0).std().item<double>();
    EXPECT_GT(wider, 1.2 * spread) << clip;
    spread = wider;
    const torch::Tensor warmth = sample.image[0] - sample.image[2];
    EXPECT_GT(warmth.slice(1, 0, 128).min().item<double>(), 10);
    EXPECT_LT(warmth.slice(1, 128, 256).max().item<double>(), -10);
    EXPECT_TRUE(torch::equal(sample.labels, source.labels));
  }
}

TEST(AugmentKinds, InputsAreNotChanged) {
  const ResizedSample source = numbered(20, 28);
  const torch::Tensor image = source.image.clone();
  const torch::Tensor labels = source.labels.clone();
  Augmentation a{1.2, 0.5, 0.5, true, 1.1, 0.9, 1.2, true, 0.7, 0.5, 0.5, 20, 3, 1.3};
  static_cast<void>(rendered(source, a));
  EXPECT_TRUE(torch::equal(source.image, image));
  EXPECT_TRUE(torch::equal(source.labels, labels));
}

}  // namespace gyroseg::augment_kinds_test
