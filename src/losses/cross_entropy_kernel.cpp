#include "cross_entropy_kernel.h"

#include <atomic>
#include <cmath>
#include <limits>
#include <numeric>

#include <torch/types.h>

#include "gyroseg/hierarchy/hierarchy.h"
#include "pixel_tiles.h"
#include "softplus.h"

namespace gyroseg::losses {
namespace {

/// One thread's working memory.
template <typename T>
struct Tile {
  std::vector<T> z;        ///< [K] rows of kTile logits, or gradients
  T peak[kTile];           ///< largest logit
  T sum[kTile];            ///< sum of exp(z - peak), or log-sum-exp
  T weight[kTile];         ///< of the pixel's class, 0 where ignored
  std::int32_t row[kTile];  ///< label, or -1

  explicit Tile(std::int64_t channels) : z(channels * kTile) {}
};

/// Reads a run; a label outside [0, K) becomes ignored and is reported by the result.
template <typename T>
bool load(const Run<const T>& run, const std::int64_t* labels, const T* weights, int channels,
          Tile<T>& tile) {
  bool valid = true;
  for (int t = 0; t < kTile; ++t) {
    const std::int64_t label = t < run.length ? labels[t] : kIgnored;
    const bool counts = label >= 0 && label < channels;
    valid = valid && (counts || label == kIgnored);
    tile.row[t] = counts ? static_cast<std::int32_t>(label) : -1;
    tile.weight[t] = counts ? weights[label] : T(0);
  }
  load(run, channels, tile.z.data());
  return valid;
}

template <typename T>
GYROSEG_INLINE void sum_exponentials(int channels, Tile<T>& tile) {
  const T* __restrict z = tile.z.data();
  T peak[kTile];
  T sum[kTile];
  std::fill_n(peak, kTile, -std::numeric_limits<T>::infinity());
  std::fill_n(sum, kTile, T(0));
  for (int k = 0; k < channels; ++k) {
    for (int t = 0; t < kTile; ++t) {
      peak[t] = z[k * kTile + t] > peak[t] ? z[k * kTile + t] : peak[t];
    }
  }
  for (int k = 0; k < channels; ++k) {
    for (int t = 0; t < kTile; ++t) {
      sum[t] += exp_negative(peak[t] - z[k * kTile + t]);
    }
  }
  std::copy_n(peak, kTile, tile.peak);
  std::copy_n(sum, kTile, tile.sum);
}

/// Logits become scale * weight * softmax. A pixel of weight 0 gets 0 whatever its logits are.
template <typename T>
GYROSEG_INLINE void weigh_softmax(int channels, T scale, Tile<T>& tile) {
  T factor[kTile];
  T log_sum[kTile];
  for (int t = 0; t < kTile; ++t) {
    factor[t] = scale * tile.weight[t];
    log_sum[t] = tile.sum[t];
  }
  for (int k = 0; k < channels; ++k) {
    T* __restrict z = tile.z.data() + k * kTile;
    for (int t = 0; t < kTile; ++t) {
      const T below = choose(factor[t] == 0, T(0), log_sum[t] - z[t]);
      z[t] = factor[t] * exp_negative(below);
    }
  }
}

GYROSEG_CPU_VERSIONS void forward_tile(int channels, Tile<float>& tile) {
  sum_exponentials(channels, tile);
}
GYROSEG_CPU_VERSIONS void forward_tile(int channels, Tile<double>& tile) {
  sum_exponentials(channels, tile);
}
GYROSEG_CPU_VERSIONS void backward_tile(int channels, float scale, Tile<float>& tile) {
  weigh_softmax(channels, scale, tile);
}
GYROSEG_CPU_VERSIONS void backward_tile(int channels, double scale, Tile<double>& tile) {
  weigh_softmax(channels, scale, tile);
}

template <typename T>
CrossEntropySums forward_all(const torch::Tensor& logits, const torch::Tensor& labels,
                             const torch::Tensor& weights) {
  const std::int64_t channels = logits.size(1);
  const std::int64_t pixels = logits.size(2) * logits.size(3);
  const T* data = logits.const_data_ptr<T>();
  const std::int64_t* label = labels.const_data_ptr<std::int64_t>();
  const T* class_weight = weights.const_data_ptr<T>();
  torch::Tensor log_sum = torch::empty(labels.sizes(), logits.options());
  T* log_sums = log_sum.mutable_data_ptr<T>();
  // One partial sum a run, added in order: the value does not depend on the number of threads.
  std::vector<double> losses(num_runs(logits), 0.0);
  std::vector<double> totals(num_runs(logits), 0.0);
  std::atomic<bool> valid{true};
  const auto body = [&](std::int64_t i, std::int64_t image, std::int64_t first, int length,
                        Tile<T>& tile) {
    const std::int64_t offset = image * pixels + first;
    if (!load(run_of(data, logits, image, first, length), label + offset, class_weight,
              static_cast<int>(channels), tile)) {
      valid = false;
    }
    forward_tile(static_cast<int>(channels), tile);
    for (int t = 0; t < length; ++t) {
      log_sums[offset + t] = tile.peak[t] + std::log(tile.sum[t]);
      if (tile.weight[t] != 0) {
        const T below_peak = tile.peak[t] - tile.z[tile.row[t] * kTile + t];
        losses[i] += static_cast<double>(tile.weight[t]) *
                     (static_cast<double>(std::log(tile.sum[t])) + static_cast<double>(below_peak));
        totals[i] += static_cast<double>(tile.weight[t]);
      }
    }
  };
  for_each_run(logits, [&] { return Tile<T>(channels); }, body);
  TORCH_CHECK_VALUE(valid, "cross_entropy: expected labels in [0, ", channels, ") or ", kIgnored,
                    ", got labels from ", labels.min().item<std::int64_t>(), " to ",
                    labels.max().item<std::int64_t>());
  return {std::accumulate(losses.begin(), losses.end(), 0.0),
          std::accumulate(totals.begin(), totals.end(), 0.0), log_sum};
}

template <typename T>
void backward_all(const torch::Tensor& logits, const torch::Tensor& labels,
                  const torch::Tensor& weights, const torch::Tensor& log_sum, double scale,
                  torch::Tensor& gradient) {
  const int channels = static_cast<int>(logits.size(1));
  const std::int64_t pixels = logits.size(2) * logits.size(3);
  const T* data = logits.const_data_ptr<T>();
  const T* log_sums = log_sum.const_data_ptr<T>();
  const std::int64_t* label = labels.const_data_ptr<std::int64_t>();
  const T* class_weight = weights.const_data_ptr<T>();
  T* out = gradient.mutable_data_ptr<T>();
  const auto body = [&](std::int64_t, std::int64_t image, std::int64_t first, int length,
                        Tile<T>& tile) {
    const std::int64_t offset = image * pixels + first;
    load(run_of(data, logits, image, first, length), label + offset, class_weight, channels, tile);
    std::fill_n(tile.sum, kTile, T(0));
    std::copy_n(log_sums + offset, length, tile.sum);
    backward_tile(channels, static_cast<T>(scale), tile);
    for (int t = 0; t < length; ++t) {
      if (tile.weight[t] != 0) {
        tile.z[tile.row[t] * kTile + t] -= static_cast<T>(scale) * tile.weight[t];
      }
    }
    store(tile.z.data(), channels, run_of(out, gradient, image, first, length));
  };
  for_each_run(logits, [&] { return Tile<T>(channels); }, body);
}

}  // namespace

CrossEntropySums cross_entropy_forward(const torch::Tensor& logits, const torch::Tensor& labels,
                                       const torch::Tensor& weights) {
  return logits.scalar_type() == torch::kFloat64 ? forward_all<double>(logits, labels, weights)
                                                 : forward_all<float>(logits, labels, weights);
}

torch::Tensor cross_entropy_backward(const torch::Tensor& logits, const torch::Tensor& labels,
                                     const torch::Tensor& weights, const torch::Tensor& log_sum,
                                     double scale) {
  torch::Tensor gradient = empty_gradient(logits);
  if (logits.scalar_type() == torch::kFloat64) {
    backward_all<double>(logits, labels, weights, log_sum, scale, gradient);
  } else {
    backward_all<float>(logits, labels, weights, log_sum, scale, gradient);
  }
  return gradient;
}

}  // namespace gyroseg::losses
