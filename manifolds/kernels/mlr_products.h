#pragma once

#include <algorithm>
#include <cstdint>

#include "manifolds/kernels/instruction_sets.h"
#include "manifolds/kernels/point_layout.h"

namespace gyroseg::detail {

/// Points handled together by a classifier.
inline constexpr int64_t kMlrPoints = 128;
/// Rows of a product formed together: kMlrRows x 64 bytes of sums stay in the registers of AVX2.
inline constexpr int64_t kMlrRows = 6;

template <typename S>
using MlrRow = S[kMlrPoints];
using ClassRow = MlrRow<double>;

/// n x kMlrPoints numbers, point by point in blocks of one cache line: entry (i, q) of a matrix of
/// `rows` rows lies at (q / kBlock * rows + i) * kBlock + q % kBlock. The products below read it line
/// after line.
template <typename S>
struct Blocked {
  static constexpr int64_t kBlock = 64 / static_cast<int64_t>(sizeof(S));
  S* data;
  int64_t rows;

  [[nodiscard]] GYROSEG_INLINE S* line(int64_t i, int64_t first) const {
    return data + first * rows + i * kBlock;
  }
};

/// The caller's points, whatever their layout; zeros beyond the last one.
template <typename S, typename T>
GYROSEG_INLINE void load_points(const ChunkView<const T>& x, int64_t n, const Blocked<S>& to) {
  constexpr int64_t kBlock = Blocked<S>::kBlock;
  for (int64_t first = 0; first < kMlrPoints; first += kBlock) {
    const int64_t count = std::min(kBlock, n - first);
    const T* from = x.data + first * x.point;
    for (int64_t i = 0; i < to.rows; ++i, from += x.channel) {
      S* line = to.line(i, first);
      if (count == kBlock) {
        for (int64_t j = 0; j < kBlock; ++j) line[j] = static_cast<S>(from[j * x.point]);
      } else {
        for (int64_t j = 0; j < kBlock; ++j)
          line[j] = j < count ? static_cast<S>(from[j * x.point]) : 0;
      }
    }
  }
}

/// rows x kMlrPoints numbers, row after row, to the caller's points.
template <typename S, typename T>
GYROSEG_INLINE void store_points(const MlrRow<S>* from, int64_t rows, int64_t n,
                                 const ChunkView<T>& x) {
  if (x.channel != 1) {
    for (int64_t i = 0; i < rows; ++i)
      for (int64_t q = 0; q < n; ++q) x.data[i * x.channel + q] = static_cast<T>(from[i][q]);
    return;
  }
  constexpr int64_t kTogether = 8;
  for (int64_t i = 0; i < rows; i += kTogether)
    for (int64_t q = 0; q < n; ++q)
      for (int64_t j = i; j < std::min(rows, i + kTogether); ++j)
        x.data[q * x.point + j] = static_cast<T>(from[j][q]);
}

/// out[r][q] = sum over the rows i of x of w[r][i] x[i][q], for kMlrRows rows of w, `stride` apart.
/// terms: how many rows of x.
template <typename S>
GYROSEG_INLINE void products(const S* w, int64_t stride, const Blocked<S>& x, int64_t terms,
                             MlrRow<S>* out) {
  constexpr int64_t kBlock = Blocked<S>::kBlock;
  for (int64_t first = 0; first < kMlrPoints; first += kBlock) {
    S sums[kMlrRows][kBlock] = {};
    const S* line = x.line(0, first);
    for (int64_t i = 0; i < terms; ++i, line += kBlock) {
#pragma GCC unroll 6
      for (int64_t r = 0; r < kMlrRows; ++r) {
        const S weight = w[r * stride + i];
#pragma omp simd
        for (int64_t q = 0; q < kBlock; ++q) sums[r][q] += weight * line[q];
      }
    }
    for (int64_t r = 0; r < kMlrRows; ++r)
      for (int64_t q = 0; q < kBlock; ++q) out[r][first + q] = sums[r][q];
  }
}

/// to[r][i] += sum over q of slope[row + r][q] x[i][q] for kMlrRows rows; to in float64, its rows as
/// long as x has rows.
template <typename S>
GYROSEG_INLINE void add_to_classes(const Blocked<S>& slope, int64_t row, const Blocked<S>& x,
                                   double* to) {
  constexpr int64_t kBlock = Blocked<S>::kBlock;
  for (int64_t i = 0; i < x.rows; ++i) {
    S sums[kMlrRows][kBlock] = {};
    for (int64_t first = 0; first < kMlrPoints; first += kBlock) {
      const S* line = x.line(i, first);
#pragma GCC unroll 6
      for (int64_t r = 0; r < kMlrRows; ++r) {
        const S* weights = slope.line(row + r, first);
#pragma omp simd
        for (int64_t q = 0; q < kBlock; ++q) sums[r][q] += weights[q] * line[q];
      }
    }
    for (int64_t r = 0; r < kMlrRows; ++r) {
      for (int64_t width = kBlock / 2; width > 0; width /= 2)
        for (int64_t q = 0; q < width; ++q) sums[r][q] += sums[r][q + width];
      to[r * x.rows + i] += sums[r][0];
    }
  }
}

}  // namespace gyroseg::detail
