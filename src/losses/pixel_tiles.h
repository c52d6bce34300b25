#pragma once

#include <algorithm>
#include <cstdint>

#include <ATen/Parallel.h>
#include <torch/types.h>

#include "softplus.h"

// One binary for every x86-64: the best of these versions is chosen when the program starts. The
// sanitizers' own start-up does not survive the choice.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define GYROSEG_CPU_VERSIONS \
  __attribute__((target_clones("default", "arch=x86-64-v3", "arch=x86-64-v4")))
#else
#define GYROSEG_CPU_VERSIONS
#endif

namespace gyroseg::losses {

/// Pixels that a kernel takes at a time: 26 channels of them stay in the first-level cache.
inline constexpr int kTile = 64;

/// A run of at most kTile pixels of one image, channel k of pixel t at k * channel + t * pixel.
template <typename T>
struct Run {
  T* data;
  std::int64_t channel;
  std::int64_t pixel;
  int length;
};

/// From one pixel of [B,K,H,W] to the next. The stride of a dimension of size 1 means nothing.
inline std::int64_t pixel_stride(const torch::Tensor& x) { return x.stride(x.size(3) == 1 ? 2 : 3); }

/// Whether the pixels have one stride, so that a run may cross rows.
inline bool has_one_pixel_stride(const torch::Tensor& x) {
  return x.size(2) == 1 || x.size(3) == 1 || x.stride(2) == x.size(3) * x.stride(3);
}

/// The logits themselves, or a copy where their pixels have several strides.
inline torch::Tensor with_one_pixel_stride(const torch::Tensor& logits) {
  return has_one_pixel_stride(logits) ? logits : logits.contiguous();
}

/// Like the logits, in their memory format where that has one pixel stride.
inline torch::Tensor empty_gradient(const torch::Tensor& logits) {
  const torch::Tensor like = torch::empty_like(logits);
  return has_one_pixel_stride(like) ? like : torch::empty(logits.sizes(), logits.options());
}

template <typename T>
Run<T> run_of(T* data, const torch::Tensor& tensor, std::int64_t image, std::int64_t first,
              int length) {
  const std::int64_t pixel = pixel_stride(tensor);
  return {data + image * tensor.stride(0) + first * pixel, tensor.stride(1), pixel, length};
}

/// Channels as rows of kTile numbers, 0 past the end of the run; narrow numbers are widened.
template <typename In, typename T>
void load(const Run<const In>& run, int channels, T* rows) {
  if (run.length < kTile) {
    std::fill_n(rows, channels * kTile, T(0));
  }
  if (run.pixel == 1) {
    for (int k = 0; k < channels; ++k) {
      std::copy_n(run.data + k * run.channel, run.length, rows + k * kTile);
    }
    return;
  }
  for (int t = 0; t < run.length; ++t) {
    for (int k = 0; k < channels; ++k) {
      rows[k * kTile + t] = run.data[t * run.pixel + k * run.channel];
    }
  }
}

template <typename Out, typename T>
void store(const T* rows, int channels, const Run<Out>& run) {
  if (run.pixel == 1) {
    for (int k = 0; k < channels; ++k) {
      std::copy_n(rows + k * kTile, run.length, run.data + k * run.channel);
    }
    return;
  }
  for (int t = 0; t < run.length; ++t) {
    for (int k = 0; k < channels; ++k) {
      run.data[t * run.pixel + k * run.channel] = rows[k * kTile + t];
    }
  }
}

inline std::int64_t num_runs(const torch::Tensor& logits) {
  return logits.size(0) * ((logits.size(2) * logits.size(3) + kTile - 1) / kTile);
}

/// Calls body(run number, image, first pixel, length, tile) for every run of pixels, in parallel;
/// each thread's `tile` is what make_tile() gives.
template <typename MakeTile, typename Body>
void for_each_run(const torch::Tensor& logits, const MakeTile& make_tile, const Body& body) {
  const std::int64_t pixels = logits.size(2) * logits.size(3);
  const std::int64_t per_image = (pixels + kTile - 1) / kTile;
  at::parallel_for(0, num_runs(logits), 8, [&](std::int64_t begin, std::int64_t end) {
    auto tile = make_tile();
    for (std::int64_t i = begin; i < end; ++i) {
      const std::int64_t first = i % per_image * kTile;
      body(i, i / per_image, first,
           static_cast<int>(std::min<std::int64_t>(kTile, pixels - first)), tile);
    }
  });
}

}  // namespace gyroseg::losses
