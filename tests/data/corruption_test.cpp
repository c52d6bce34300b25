#include "gyroseg/data/corruption.h"

#include <gtest/gtest.h>
#include <torch/utils.h>

#include <cmath>

namespace gyroseg::corruption_test {

torch::Tensor grey(double value, int size = 64) {
  return torch::full({3, size, size}, value, torch::kFloat32);
}

torch::Tensor corrupted(const std::string& name, const torch::Tensor& image, std::int64_t index = 0) {
  return corrupt(corruption_of(name), image, /*seed=*/0, index);
}

TEST(Corruption, BrightnessAddsAndClamps) {
  EXPECT_TRUE(corrupted("brightness1", grey(0.5)).allclose(grey(0.7)));
  EXPECT_TRUE(corrupted("brightness2", grey(0.5)).allclose(grey(0.9)));
  EXPECT_TRUE(corrupted("brightness2", grey(0.75)).equal(grey(1.0)));
}

// A point becomes the kernel: it sums to 1, its variance is sigma^2 (to the cut at 3 sigma and the grid),
// and neighbours of the centre are exp(-1/(2 sigma^2)) of it.
TEST(Corruption, BlurIsAGaussianOfTheHeight) {
  for (const auto& [name, sigma] : {std::pair{"blur1", 1.0}, std::pair{"blur2", 2.0}}) {
    torch::Tensor point = grey(0);
    point[0][30][32] = 1;
    const torch::Tensor kernel = corrupted(name, point)[0].to(torch::kFloat64);
    EXPECT_NEAR(kernel.sum().item<double>(), 1, 1e-6) << name;
    const torch::Tensor y = torch::arange(64, torch::kFloat64) - 30;
    EXPECT_NEAR((kernel.sum(1) * y * y).sum().item<double>(), sigma * sigma, 0.04 * sigma * sigma);
    const double centre = kernel[30][32].item<double>();
    EXPECT_NEAR(kernel[31][32].item<double>() / centre, std::exp(-1 / (2 * sigma * sigma)), 1e-6);
    EXPECT_NEAR(kernel[30][31].item<double>() / centre, std::exp(-1 / (2 * sigma * sigma)), 1e-6);
  }
  EXPECT_TRUE(corrupted("blur2", grey(0.3)).allclose(grey(0.3), 1e-6, 1e-6));  // at the edges too
}

// Moments of 3 * 128^2 = 49152 normal numbers, to five standard errors; the clamp is six deviations away,
// and 2.8 from the stronger noise, whose deviation it lowers by 0.5 %.
TEST(Corruption, NoiseHasItsMoments) {
  const torch::Tensor n = (corrupted("noise1", grey(0.5, 128)) - 0.5).to(torch::kFloat64) / 0.08;
  const double error = 1 / std::sqrt(49152.0);
  EXPECT_NEAR(n.mean().item<double>(), 0, 5 * error);
  EXPECT_NEAR(n.pow(2).mean().item<double>(), 1, 5 * std::sqrt(2.0) * error);
  EXPECT_NEAR(n.pow(3).mean().item<double>(), 0, 5 * std::sqrt(15.0) * error);
  EXPECT_NEAR(n.pow(4).mean().item<double>(), 3, 5 * std::sqrt(96.0) * error);
  // Neighbours are independent.
  EXPECT_NEAR((n.slice(2, 0, 127) * n.slice(2, 1)).mean().item<double>(), 0, 5 * error);
  const torch::Tensor strong = corrupted("noise2", grey(0.5, 128)) - 0.5;
  EXPECT_NEAR(strong.std().item<double>(), 0.18, 0.003);
}

// Fog on black is 0.9 d, on white 1 - 0.1 d: one density, in [s/2, s], and smooth.
TEST(Corruption, FogBlendsWithLight) {
  for (const auto& [name, strength] : {std::pair{"fog1", 0.5}, std::pair{"fog2", 0.8}}) {
    const torch::Tensor density = corrupted(name, grey(0)) / 0.9;
    EXPECT_TRUE(corrupted(name, grey(1)).allclose(1 - 0.1 * density, 1e-5, 1e-6)) << name;
    EXPECT_TRUE(corrupted(name, grey(0.4)).allclose(0.4 + 0.5 * density, 1e-5, 1e-6)) << name;
    EXPECT_GE(density.min().item<double>(), strength / 2 - 1e-6);
    EXPECT_LE(density.max().item<double>(), strength + 1e-6);
    EXPECT_GT(density.std().item<double>(), 0.02);
    EXPECT_TRUE(density[0].equal(density[2]));
    // 63 pixels span 4 cells: no step is larger than a cell's rise, s/2, over 15.75 pixels.
    EXPECT_LE(density.diff(1, 1).abs().max().item<double>(), strength / 2 / 15.75 + 1e-5);
  }
}

TEST(Corruption, IsAFunctionOfTheImagesIndex) {
  for (const std::string& name : corruption_names()) {
    const torch::Tensor first = corrupted(name, grey(0.5), 4);
    EXPECT_TRUE(first.equal(corrupted(name, grey(0.5), 4))) << name;
    const bool drawn = name.starts_with("noise") || name.starts_with("fog");
    EXPECT_EQ(first.equal(corrupted(name, grey(0.5), 5)), !drawn) << name;
    EXPECT_GE(first.min().item<double>(), 0);
    EXPECT_LE(first.max().item<double>(), 1);
  }
  EXPECT_FALSE(((corrupted("noise1", grey(0.5)) - 0.5) / 0.08)
                   .allclose((corrupted("noise2", grey(0.5)) - 0.5) / 0.18, 1e-3, 1e-3));
}

TEST(Corruption, BatchesAreNormalisedImages) {
  torch::manual_seed(1);
  const DataConfig data;
  const torch::Tensor raw = torch::rand({2, 3, 16, 16});
  const torch::Tensor mean = torch::tensor({data.mean[0], data.mean[1], data.mean[2]}).view({3, 1, 1});
  const torch::Tensor deviation = torch::tensor({data.std[0], data.std[1], data.std[2]}).view({3, 1, 1});
  const torch::Tensor batch = ((raw - mean) / deviation).to(torch::kFloat32).contiguous(torch::MemoryFormat::ChannelsLast);
  const torch::Tensor out = corrupt_batch(corruption_of("fog1"), batch, {7, 3}, data);
  EXPECT_TRUE(out.is_contiguous(torch::MemoryFormat::ChannelsLast));
  for (const auto& [row, index] : {std::pair{0, 7}, std::pair{1, 3}}) {
    EXPECT_TRUE((out[row] * deviation + mean).allclose(corrupted("fog1", raw[row].to(torch::kFloat32), index), 1e-4, 1e-5));
  }
  EXPECT_TRUE(corrupt_batch(corruption_of("none"), batch, {7, 3}, data).equal(batch));
}

TEST(Corruption, RefusesWhatItDoesNotKnow) {
  EXPECT_THROW((void)corruption_of("rain1"), c10::ValueError);
  EXPECT_THROW((void)corruption_of("blur3"), c10::ValueError);
  EXPECT_THROW((void)corrupted("blur1", torch::zeros({1, 8, 8})), c10::ValueError);
}

}  // namespace gyroseg::corruption_test
