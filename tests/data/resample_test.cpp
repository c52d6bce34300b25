#include <gtest/gtest.h>
#include <torch/types.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <stdexcept>
#include <string>
#include <vector>

#include "gyroseg/data/dataset.h"
#include "gyroseg/data/file_bytes.h"
#include "gyroseg/data/resize.h"
#include "planted_set.h"
#include "python.h"

namespace gyroseg::resample_test {

using testing::random_bytes;
using testing::ScratchFolder;

constexpr std::int64_t kHeight = 37;
constexpr std::int64_t kWidth = 53;

struct Target {
  std::array<int, 2> size;
  bool columns_first = false;  ///< Pillow 13: where rows lost > 0 and rows lost > 2 * columns lost
};

const std::vector<Target> kTargets = {
    // Shrinking by whole and broken factors, growing, a single pixel, height against width.
    {{12, 16}}, {{5, 5}}, {{36, 52}}, {{64, 90}}, {{38, 90}}, {{1, 1}}, {{90, 20}},
    // One axis kept, or both.
    {{8, 53}}, {{60, 53}}, {{37, 7}}, {{37, 80}}, {{37, 53}},
    // Rows lost: twice the columns lost, one fewer, one more; then much more, and with a width that grows.
    {{31, 50}}, {{32, 50}}, {{30, 50}, true}, {{5, 45}, true}, {{12, 90}, true}, {{36, 54}, true}};

double sinc(double t) {
  return t == 0 ? 1 : std::sin(std::numbers::pi * t) / (std::numbers::pi * t);
}

/// The definitions of resize.h, in their own words.
double weight(Resample resample, double t) {
  t = std::abs(t);
  switch (resample) {
    case Resample::bilinear: return t < 1 ? 1 - t : 0;
    case Resample::bicubic:
      return t < 1 ? 1.5 * t * t * t - 2.5 * t * t + 1
                   : (t < 2 ? -0.5 * t * t * t + 2.5 * t * t - 4 * t + 2 : 0);
    case Resample::lanczos: return t < 3 ? sinc(t) * sinc(t / 3) : 0;
    case Resample::gaussian: return t < 2 ? std::exp(-t * t / (2 * 0.5 * 0.5)) : 0;
    case Resample::area: break;
  }
  throw std::logic_error("no filter");
}

/// Matrix [to, from] of one axis in float64.
torch::Tensor matrix(Resample resample, std::int64_t from, std::int64_t to) {
  if (from == to) {
    return torch::eye(to, torch::kFloat64);
  }
  torch::Tensor weights = torch::zeros({to, from}, torch::kFloat64);
  const double scale = static_cast<double>(from) / static_cast<double>(to);
  for (std::int64_t x = 0; x < to; ++x) {
    for (std::int64_t i = 0; i < from; ++i) {
      const double distance = static_cast<double>(i) + 0.5 - (static_cast<double>(x) + 0.5) * scale;
      weights[x][i] = weight(resample, distance / std::max(1.0, scale));
    }
  }
  return weights / weights.sum(1, true);
}

class Resampling : public ::testing::TestWithParam<Resample> {};

TEST_P(Resampling, FollowsItsDefinition) {
  const torch::Tensor rgb = random_bytes({kHeight, kWidth, 3}, 5);
  const torch::Tensor pixels = rgb.to(torch::kFloat64);
  for (const auto& [size, columns_first] : kTargets) {
    const auto along_rows = [&, width = size[1]](const torch::Tensor& image) {
      return torch::einsum("wx,yxc->ywc", {matrix(GetParam(), kWidth, width), image}).clamp(0, 255);
    };
    const auto along_columns = [&, height = size[0]](const torch::Tensor& image) {
      return torch::einsum("hy,ywc->hwc", {matrix(GetParam(), kHeight, height), image}).clamp(0, 255);
    };
    const torch::Tensor expected =
        columns_first ? along_rows(along_columns(pixels)) : along_columns(along_rows(pixels));
    const torch::Tensor found = resize_image(rgb, size, GetParam());
    ASSERT_EQ(found.sizes(), expected.sizes());
    // 1/2 for the last rounding, 1/2 for the bytes between the passes times the filter's sum of
    // absolute weights, at most 1.5 for Lanczos.
    EXPECT_LE((found.to(torch::kFloat64) - expected).abs().max().item<double>(), 1.25)
        << size[0] << " x " << size[1];
    if (found.numel() > 200) {
      EXPECT_LE((found.to(torch::kFloat64) - expected).mean().abs().item<double>(), 0.1)
          << "unbiased: " << size[0] << " x " << size[1];
    }
  }
}

TEST_P(Resampling, LeavesAFlatImageFlatAndASizeAlone) {
  const torch::Tensor flat = torch::full({kHeight, kWidth, 3}, 201, torch::kUInt8);
  for (const auto& target : kTargets) {
    EXPECT_TRUE(resize_image(flat, target.size, GetParam()).eq(201).all().item<bool>());
  }
  const torch::Tensor rgb = random_bytes({kHeight, kWidth, 3}, 6);
  EXPECT_TRUE(torch::equal(resize_image(rgb, {kHeight, kWidth}, GetParam()), rgb));
}

/// Stripes finer than the result's grid must fade to their mean, not alias.
TEST_P(Resampling, DoesNotAlias) {
  torch::Tensor stripes = torch::zeros({64, 96, 3}, torch::kUInt8);
  stripes.slice(1, 0, 96, 2).fill_(200);
  const torch::Tensor small = resize_image(stripes, {16, 24}, GetParam()).slice(1, 3, 21);
  EXPECT_LE((small.to(torch::kFloat64) - 100).abs().max().item<double>(), 2.0);
}

INSTANTIATE_TEST_SUITE_P(Filters, Resampling,
                         ::testing::Values(Resample::bilinear, Resample::bicubic,
                                           Resample::lanczos, Resample::gaussian),
                         [](const auto& filter) {
                           return resample_names()[static_cast<std::size_t>(filter.param)];
                         });

TEST(Resample, IsPillowsToTheByte) {
  // An older Pillow begins with the rows where Pillow 13 begins with the columns.
  if (!testing::python_has("numpy, PIL; assert int(PIL.__version__.split(\".\")[0]) >= 13")) {
    GTEST_SKIP() << "no Python with numpy and Pillow 13 or newer; scripts/setup installs them for "
                    "Python 3.11 or newer";
  }
  const ScratchFolder folder;
  const torch::Tensor rgb = random_bytes({kHeight, kWidth, 3}, 7);
  const auto* bytes = rgb.data_ptr<std::uint8_t>();
  write_bytes(folder / "in.raw", {bytes, bytes + rgb.numel()});
  std::string sizes;
  for (const auto& target : kTargets) {
    sizes += "(" + std::to_string(target.size[0]) + "," + std::to_string(target.size[1]) + "),";
  }
  const std::string script =
      "import sys, numpy as np\n"
      "from PIL import Image\n"
      "d = sys.argv[1]\n"
      "rgb = np.fromfile(d + '/in.raw', np.uint8).reshape(37, 53, 3)\n"
      "for name in ('bilinear', 'bicubic', 'lanczos'):\n"
      "  for h, w in [" + sizes + "]:\n"
      "    small = Image.fromarray(rgb).resize((w, h), getattr(Image.Resampling, name.upper()))\n"
      "    np.asarray(small).tofile(f'{d}/{name}_{h}_{w}.raw')\n";
  ASSERT_EQ(testing::run_python(script, folder.path().string()), 0);
  for (const std::string name : {"bilinear", "bicubic", "lanczos"}) {
    for (const auto& target : kTargets) {
      const auto& [height, width] = target.size;
      const std::string file =
          name + "_" + std::to_string(height) + "_" + std::to_string(width) + ".raw";
      const std::vector<std::uint8_t> expected = read_bytes(folder / file);
      const torch::Tensor found = resize_image(rgb, target.size, resample_of(name));
      const auto* first = found.data_ptr<std::uint8_t>();
      EXPECT_EQ(std::vector<std::uint8_t>(first, first + found.numel()), expected) << file;
    }
  }
}

TEST(Resample, NamesAreThoseOfTheConfig) {
  for (const std::string& name : resample_names()) {
    EXPECT_EQ(resample_names()[static_cast<std::size_t>(resample_of(name))], name);
  }
  EXPECT_EQ(resample_of("gaussian"), Resample::gaussian);
  EXPECT_THROW(static_cast<void>(resample_of("cubic")), c10::ValueError);
}

/// The images of a data set, their augmentation and those of inference are resized alike.
TEST(Resample, IsWhatTheConfigSays) {
  const ScratchFolder folder;
  DataConfig config = testing::plant_set(folder, 1);
  const auto file = folder / "train" / "images" / "00.png";
  const auto normalised = [&](const torch::Tensor& rgb) {
    const auto column = [](const std::array<double, 3>& v) {
      return torch::tensor({v[0], v[1], v[2]}, torch::kFloat64).reshape({3, 1, 1});
    };
    return (rgb.permute({2, 0, 1}).to(torch::kFloat64) / 255 - column(config.mean)) /
           column(config.std);
  };
  for (const std::string& name : resample_names()) {
    config.resample = name;
    const torch::Tensor small =
        resize_image(read_image(file), config.image_size, resample_of(name));
    const SegmentationDataset dataset(config, testing::small_tree(), "train");
    EXPECT_LT((dataset.load(0).image - normalised(small)).abs().max().item<double>(), 1e-5) << name;
    EXPECT_LT((load_image(file, config).image - normalised(small)).abs().max().item<double>(), 1e-5);
    Augmentation doubled;
    doubled.scale = 2.0;
    const torch::Tensor large = resize_image(small, {24, 32}, resample_of(name));
    EXPECT_LT((dataset.load(0, doubled).image - normalised(large.slice(0, 0, 12).slice(1, 0, 16)))
                  .abs().max().item<double>(), 1e-5) << name;
  }
}

}  // namespace gyroseg::resample_test
