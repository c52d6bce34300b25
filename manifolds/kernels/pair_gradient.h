#pragma once

#include "manifolds/kernels/point_sums.h"

namespace gyroseg::detail {

/// The gradient of a function of two points as every one of them has it: by x it is
/// `gap * (x - y) + x_own * x`, by y `-gap * (x - y) + y_own * y`. The direct difference keeps the
/// digits of near pairs.
struct PairCoefficients {
  ChunkArray gap, x_own, y_own;
};

/// Writes the gradients of n pairs; a null pointer is skipped.
template <typename T>
GYROSEG_INLINE void write_pair_gradients(const PairCoefficients& k, const ChunkView<const T>& x,
                                         const ChunkView<const T>& y, int64_t d, int64_t n,
                                         const ChunkView<T>& by_x, const ChunkView<T>& by_y) {
  if (x.channel == 1) {
    for (int64_t q = 0; q < n; ++q) {
      const T *xs = x.data + q * x.point, *ys = y.data + q * y.point;
      T *gx = by_x.data + q * by_x.point, *gy = by_y.data + q * by_y.point;
      const double gap = k.gap[q], x_own = k.x_own[q], y_own = k.y_own[q];
      if (by_x.data != nullptr && by_y.data != nullptr) {
#pragma omp simd
        for (int64_t i = 0; i < d; ++i) {
          const double a = xs[i], b = ys[i], pull = gap * (a - b);
          gx[i] = static_cast<T>(pull + x_own * a);
          gy[i] = static_cast<T>(y_own * b - pull);
        }
      } else if (by_x.data != nullptr) {
#pragma omp simd
        for (int64_t i = 0; i < d; ++i) {
          const double a = xs[i], b = ys[i];
          gx[i] = static_cast<T>(gap * (a - b) + x_own * a);
        }
      } else {
#pragma omp simd
        for (int64_t i = 0; i < d; ++i) {
          const double a = xs[i], b = ys[i];
          gy[i] = static_cast<T>(gap * (b - a) + y_own * b);
        }
      }
    }
    return;
  }
  for (int64_t i = 0; i < d; ++i) {
    const T *xs = x.data + i * x.channel, *ys = y.data + i * y.channel;
    if (by_x.data != nullptr) {
      T* to = by_x.data + i * by_x.channel;
#pragma omp simd
      for (int64_t q = 0; q < n; ++q) {
        const double a = xs[q], b = ys[q];
        to[q] = static_cast<T>(k.gap[q] * (a - b) + k.x_own[q] * a);
      }
    }
    if (by_y.data != nullptr) {
      T* to = by_y.data + i * by_y.channel;
#pragma omp simd
      for (int64_t q = 0; q < n; ++q) {
        const double a = xs[q], b = ys[q];
        to[q] = static_cast<T>(k.gap[q] * (b - a) + k.y_own[q] * b);
      }
    }
  }
}

}  // namespace gyroseg::detail
