#pragma once

#include <ATen/Parallel.h>
#include <torch/types.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <vector>

#include "manifolds/polar_mlr_chunk.h"

namespace gyroseg::detail {

/// Pixels cast to float64 at a time: the copy and its product stay in the cache and memory stays
/// small.
inline constexpr int64_t kBlockPixels = 8192;

/// Where pixel q of a group and its component d or class k lie, for rows [N,D] and channel-first
/// [P,D,Q].
struct Layout {
  explicit Layout(const torch::Tensor& v, int64_t classes)
      : rows(v.dim() == 2),
        groups(rows ? 1 : v.size(0)),
        pixels(rows ? v.size(0) : v.size(2)),
        d(v.size(1)),
        k(classes) {}

  bool rows;
  int64_t groups, pixels, d, k;

  /// Entry of channel `i` of `channels` at pixel q.
  [[nodiscard]] int64_t at(int64_t group, int64_t q, int64_t channels, int64_t i) const {
    return rows ? q * channels + i : (group * channels + i) * pixels + q;
  }
  [[nodiscard]] int64_t pixel_stride(int64_t channels) const { return rows ? channels : 1; }
  [[nodiscard]] int64_t channel_stride() const { return rows ? 1 : pixels; }
  /// The block as a matrix: [n,channels] of rows, or [channels,n].
  [[nodiscard]] torch::Tensor matrix(const torch::Tensor& t, int64_t group, int64_t first,
                                     int64_t n) const {
    return rows ? t.narrow(0, first, n) : t.select(0, group).narrow(1, first, n);
  }
  /// The start of a buffer as a contiguous block of n pixels.
  [[nodiscard]] torch::Tensor block(const torch::Tensor& buffer, int64_t channels,
                                    int64_t n) const {
    const torch::Tensor flat = buffer.narrow(0, 0, channels * n);
    return rows ? flat.view({n, channels}) : flat.view({channels, n});
  }
};

template <typename Body>
void for_each_block(const Layout& layout, const Body& body) {
  for (int64_t group = 0; group < layout.groups; ++group)
    for (int64_t first = 0; first < layout.pixels; first += kBlockPixels)
      body(group, first, std::min(kBlockPixels, layout.pixels - first));
}

/// body(first pixel, count) in parallel.
template <typename Body>
void for_each_chunk(int64_t pixels, const Body& body) {
  const int64_t chunks = (pixels + kChunk - 1) / kChunk;
  at::parallel_for(0, chunks, 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) body(i * kChunk, std::min(kChunk, pixels - i * kChunk));
  });
}

inline std::vector<MlrClass> classes_of(const torch::Tensor& z, const torch::Tensor& r,
                                        double root_c) {
  const torch::Tensor lengths = at::linalg_vector_norm(z.to(torch::kFloat64), 2, 1);
  const torch::Tensor offsets = r.to(torch::kFloat64);
  std::vector<MlrClass> classes;
  for (int64_t k = 0; k < z.size(0); ++k)
    classes.emplace_back(lengths.const_data_ptr<double>()[k], offsets.const_data_ptr<double>()[k],
                         root_c);
  return classes;
}

/// count entries, `stride` apart, to and from a chunk's arrays.
template <typename T>
void load(const T* from, int64_t stride, int64_t count, ChunkArray& to) {
  for (int64_t q = 0; q < count; ++q) to[q] = from[q * stride];
}

template <typename T>
void store(const ChunkArray& from, int64_t stride, int64_t count, T* to) {
  for (int64_t q = 0; q < count; ++q) to[q * stride] = static_cast<T>(from[q]);
}

}  // namespace gyroseg::detail
