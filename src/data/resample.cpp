// Pillow's scheme: one pass along the rows, one along the columns, in the order of Pillow 13, bytes
// in between, weights of 22 bits. LibTorch has it as at::_upsample_*2d_aa, but those start torch's
// threads inside each loader thread, know no Gaussian, and Lanczos on the CPU only.
#include "resample.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

namespace gyroseg {
namespace {

constexpr int kChannels = 3;
constexpr int kBits = 22;  // 8 for the value and 2 for the filters' overshoot, of 32
constexpr double kPi = 3.14159265358979323846;

struct Filter {
  double (*weight)(double);
  double support;
};

double bilinear(double t) { return std::max(0.0, 1.0 - std::abs(t)); }

double bicubic(double t) {
  constexpr double a = -0.5;
  t = std::abs(t);
  if (t < 1.0) {
    return ((a + 2.0) * t - (a + 3.0)) * t * t + 1;
  }
  return t < 2.0 ? (((t - 5) * t + 8) * t - 4) * a : 0.0;
}

double sinc(double t) { return t == 0.0 ? 1.0 : std::sin(t * kPi) / (t * kPi); }

double lanczos(double t) { return std::abs(t) < 3.0 ? sinc(t) * sinc(t / 3) : 0.0; }

double gaussian(double t) { return std::abs(t) < 2.0 ? std::exp(-2.0 * t * t) : 0.0; }

Filter filter_of(Resample resample) {
  switch (resample) {
    case Resample::bilinear: return {bilinear, 1.0};
    case Resample::bicubic: return {bicubic, 2.0};
    case Resample::lanczos: return {lanczos, 3.0};
    case Resample::gaussian: return {gaussian, 2.0};
    case Resample::area: break;
  }
  TORCH_INTERNAL_ASSERT(false, "area is not a separable filter");
}

/// The source pixels of one pixel of the result along one axis.
struct Taps {
  int first = 0;
  std::vector<std::int32_t> weights;  ///< times 2^kBits
};

std::vector<Taps> taps_of(int from, int to, const Filter& filter) {
  const double scale = static_cast<double>(from) / to;
  const double stretch = std::max(scale, 1.0);
  const double support = filter.support * stretch;
  std::vector<Taps> taps(to);
  std::vector<double> weights;
  for (int x = 0; x < to; ++x) {
    const double centre = (x + 0.5) * scale;
    // Pixels whose centres lie within the support, to rounding: the weight of others is 0.
    const int first = std::max(static_cast<int>(centre - support + 0.5), 0);
    const int last = std::min(static_cast<int>(centre + support + 0.5), from);
    weights.clear();
    double sum = 0.0;
    for (int i = first; i < last; ++i) {
      weights.push_back(filter.weight((i - centre + 0.5) * (1.0 / stretch)));
      sum += weights.back();
    }
    taps[x].first = first;
    for (const double weight : weights) {
      taps[x].weights.push_back(
          static_cast<std::int32_t>(std::lround(weight / sum * (1 << kBits))));
    }
  }
  return taps;
}

std::uint8_t to_byte(std::int32_t sum) {
  return static_cast<std::uint8_t>(std::clamp(sum >> kBits, 0, 255));
}

constexpr std::int32_t kHalf = 1 << (kBits - 1);

/// [H,W,3] -> [H,w,3]; rgb itself where it has the width.
torch::Tensor along_rows(const torch::Tensor& rgb, int width, const Filter& filter) {
  if (width == rgb.size(1)) {
    return rgb;
  }
  const std::int64_t rows = rgb.size(0);
  const std::int64_t stride = rgb.size(1) * kChannels;
  const std::vector<Taps> taps = taps_of(static_cast<int>(rgb.size(1)), width, filter);
  torch::Tensor result = torch::empty({rows, width, kChannels}, torch::kUInt8);
  const auto* from = rgb.data_ptr<std::uint8_t>();
  auto* to = result.data_ptr<std::uint8_t>();
  for (std::int64_t y = 0; y < rows; ++y, from += stride) {
    for (const Taps& tap : taps) {
      const std::uint8_t* pixel = from + static_cast<std::ptrdiff_t>(tap.first) * kChannels;
      std::array<std::int32_t, kChannels> sums = {kHalf, kHalf, kHalf};
      for (const std::int32_t weight : tap.weights) {
        for (int c = 0; c < kChannels; ++c) {
          sums[c] += weight * pixel[c];
        }
        pixel += kChannels;
      }
      for (const std::int32_t sum : sums) {
        *to++ = to_byte(sum);
      }
    }
  }
  return result;
}

/// [H,W,3] -> [h,W,3]; rgb itself where it has the height.
torch::Tensor along_columns(const torch::Tensor& rgb, int height, const Filter& filter) {
  if (height == rgb.size(0)) {
    return rgb;
  }
  const std::int64_t stride = rgb.size(1) * kChannels;
  const std::vector<Taps> taps = taps_of(static_cast<int>(rgb.size(0)), height, filter);
  torch::Tensor result = torch::empty({height, rgb.size(1), kChannels}, torch::kUInt8);
  const auto* from = rgb.data_ptr<std::uint8_t>();
  auto* to = result.data_ptr<std::uint8_t>();
  std::vector<std::int32_t> sums(stride);
  for (const Taps& tap : taps) {
    std::fill(sums.begin(), sums.end(), kHalf);
    const std::uint8_t* row = from + tap.first * stride;
    for (const std::int32_t weight : tap.weights) {
      for (std::int64_t i = 0; i < stride; ++i) {
        sums[i] += weight * row[i];
      }
      row += stride;
    }
    to = std::transform(sums.begin(), sums.end(), to, to_byte);
  }
  return result;
}

/// Pillow 13's rule (its pull request 9549): the columns go first where the height loses pixels, and more
/// than twice as many as the width; a width that grows loses fewer than none. Pillow 12.1 and older always
/// began with the rows. The order shows in the bytes between the passes, which are rounded and clamped.
bool columns_first(const torch::Tensor& rgb, const std::array<int, 2>& size) {
  const std::int64_t rows_lost = rgb.size(0) - size[0];
  const std::int64_t columns_lost = rgb.size(1) - size[1];
  return rows_lost > 0 && rows_lost > 2 * columns_lost;
}

}  // namespace

torch::Tensor resample_separably(const torch::Tensor& rgb, const std::array<int, 2>& size,
                                 Resample resample) {
  const Filter filter = filter_of(resample);
  if (columns_first(rgb, size)) {
    return along_rows(along_columns(rgb, size[0], filter), size[1], filter);
  }
  return along_columns(along_rows(rgb, size[1], filter), size[0], filter);
}

}  // namespace gyroseg
