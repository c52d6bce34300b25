#include "gyroseg/data/corruption.h"

#include <torch/utils.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "gyroseg/data/random.h"

namespace gyroseg {
namespace {

using Kind = Corruption::Kind;

constexpr std::array<double, 2> kBrightness = {0.2, 0.4};
constexpr std::array<double, 2> kBlurOfHeight = {1.0 / 64, 1.0 / 32};
constexpr std::array<double, 2> kNoise = {0.08, 0.18};
constexpr std::array<double, 2> kFog = {0.5, 0.8};
constexpr double kFogLight = 0.9;
constexpr int kFogGrid = 5;

// Streams of different kinds and strengths have nothing to do with each other.
Random random_of(const Corruption& corruption, std::uint64_t seed, std::int64_t index) {
  return Random::of(seed, 2 * static_cast<std::int64_t>(corruption.kind) + corruption.strength, index);
}

torch::Tensor gaussian_noise(const torch::Tensor& image, double deviation, Random random) {
  torch::Tensor noise = torch::empty(image.sizes(), torch::kFloat32);
  float* out = noise.data_ptr<float>();
  for (std::int64_t i = 0; i < noise.numel(); ++i) {
    // Box & Muller 1958; 1 - u is in (0, 1]
    const double radius = std::sqrt(-2 * std::log(1 - random.uniform()));
    out[i] = static_cast<float>(deviation * radius * std::cos(2 * std::numbers::pi * random.uniform()));
  }
  return image + noise;
}

// Separable, float64: the weights sum to 1.
torch::Tensor gaussian_blur(const torch::Tensor& image, double sigma) {
  const auto reach = static_cast<std::int64_t>(std::ceil(3 * sigma));
  const torch::Tensor x = torch::arange(-reach, reach + 1, torch::kFloat64);
  torch::Tensor weights = torch::exp(-x * x / (2 * sigma * sigma));
  weights = weights / weights.sum();
  torch::Tensor result = image.to(torch::kFloat64);
  for (const int dim : {1, 2}) {
    const std::int64_t size = result.size(dim);
    torch::Tensor sum = torch::zeros_like(result);
    for (std::int64_t i = -reach; i <= reach; ++i) {
      const torch::Tensor from = (torch::arange(size) + i).clamp(0, size - 1);
      sum += weights[i + reach] * result.index_select(dim, from);
    }
    result = sum;
  }
  return result.to(torch::kFloat32);
}

torch::Tensor fog(const torch::Tensor& image, double strength, Random random) {
  torch::Tensor grid = torch::empty({1, 1, kFogGrid, kFogGrid}, torch::kFloat32);
  for (int i = 0; i < kFogGrid * kFogGrid; ++i) {
    grid.data_ptr<float>()[i] = static_cast<float>(random.uniform());
  }
  const torch::Tensor field =
      torch::upsample_bilinear2d(grid, {image.size(1), image.size(2)}, /*align_corners=*/true)[0];
  const torch::Tensor density = strength * (1 + field) / 2;
  return (1 - density) * image + kFogLight * density;
}

}  // namespace

const std::vector<std::string>& corruption_names() {
  static const std::vector<std::string> names = {"brightness1", "brightness2", "blur1", "blur2",
                                                 "noise1",      "noise2",      "fog1",  "fog2"};
  return names;
}

Corruption corruption_of(const std::string& name) {
  if (name == "none") {
    return {};
  }
  const auto& names = corruption_names();
  const auto place = std::find(names.begin(), names.end(), name) - names.begin();
  TORCH_CHECK_VALUE(place < static_cast<std::ptrdiff_t>(names.size()), "unknown corruption ", name);
  return {static_cast<Kind>(1 + place / 2), static_cast<int>(1 + place % 2)};
}

torch::Tensor corrupt(const Corruption& corruption, const torch::Tensor& image, std::uint64_t seed,
                      std::int64_t index) {
  TORCH_CHECK_VALUE(image.dim() == 3 && image.size(0) == 3 && image.scalar_type() == torch::kFloat32,
                    "corrupt: expected an image [3,H,W] float32, got ", image.scalar_type(), " ",
                    image.sizes());
  const std::size_t s = corruption.strength - 1;
  torch::Tensor result = image;
  switch (corruption.kind) {
    case Kind::none:
      break;
    case Kind::brightness:
      result = image + kBrightness.at(s);
      break;
    case Kind::blur:
      result = gaussian_blur(image, kBlurOfHeight.at(s) * static_cast<double>(image.size(1)));
      break;
    case Kind::noise:
      result = gaussian_noise(image, kNoise.at(s), random_of(corruption, seed, index));
      break;
    case Kind::fog:
      result = fog(image, kFog.at(s), random_of(corruption, seed, index));
      break;
  }
  return result.clamp(0, 1);
}

torch::Tensor corrupt_batch(const Corruption& corruption, const torch::Tensor& images,
                            const std::vector<std::int64_t>& indices, const DataConfig& data,
                            std::uint64_t seed) {
  if (corruption.kind == Kind::none) {
    return images;
  }
  const auto column = [](const std::array<double, 3>& values) {
    return torch::tensor({values[0], values[1], values[2]}, torch::kFloat32).view({3, 1, 1});
  };
  const torch::Tensor mean = column(data.mean);
  const torch::Tensor deviation = column(data.std);
  torch::Tensor result = torch::empty_like(images);
  for (std::size_t b = 0; b < indices.size(); ++b) {
    const auto row = static_cast<std::int64_t>(b);
    const torch::Tensor image = (images[row].cpu() * deviation + mean).clamp(0, 1).contiguous();
    result[row].copy_((corrupt(corruption, image, seed, indices[b]) - mean) / deviation);
  }
  return result;
}

}  // namespace gyroseg
