#pragma once

#include <cmath>
#include <limits>
#include <type_traits>

#include "manifolds/kernels/instruction_sets.h"
#include "manifolds/kernels/point_layout.h"

namespace gyroseg::detail {

/// Sum of squares kept in two float64 numbers. For float32 coordinates every square is exact and
/// `rest` stays 0; for float64 the rounding errors are summed too, since 1 - c|x|^2 of a point near
/// the rim loses all that the sum of squares lost (B1: 1e-5 at norm 1 - 1e-12).
struct Square {
  double sum = 0, rest = 0;

  GYROSEG_INLINE void add(double x) {
    const double p = x * x, error = std::fma(x, x, -p);
    const double t = sum + p, part = t - sum;
    rest += ((sum - (t - part)) + (p - part)) + error;
    sum = t;
  }
  GYROSEG_INLINE void add(const Square& other) {
    const double t = sum + other.sum, part = t - sum;
    rest += ((sum - (t - part)) + (other.sum - part)) + other.rest;
    sum = t;
  }
};

/// 1 - c|x|^2; NaN on the rim and outside, where no distance exists.
GYROSEG_INLINE double gap_of(double c, double sum, double rest) {
  const double gap = std::fma(-c, sum, 1.0) - c * rest;
  return gap > 0 ? gap : std::numeric_limits<double>::quiet_NaN();
}

/// |x|^2 of one row.
template <typename T>
GYROSEG_INLINE Square square_of(const T* x, int64_t d) {
  Square total;
  if constexpr (std::is_same_v<T, double>) {
    constexpr int64_t kLanes = 8;
    Square lanes[kLanes];
    int64_t i = 0;
    for (; i + kLanes <= d; i += kLanes)
#pragma omp simd
      for (int64_t lane = 0; lane < kLanes; ++lane) lanes[lane].add(x[i + lane]);
    for (; i < d; ++i) total.add(x[i]);
    for (const Square& lane : lanes) total.add(lane);
  } else {
    double sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t i = 0; i < d; ++i) sum += static_cast<double>(x[i]) * x[i];
    total.sum = sum;
  }
  return total;
}

/// |x|^2 of n points.
template <typename T>
GYROSEG_INLINE void squares_of(const ChunkView<const T>& x, int64_t d, int64_t n, ChunkArray& sum,
                               ChunkArray& rest) {
  if (x.channel == 1) {
    for (int64_t q = 0; q < n; ++q) {
      const Square square = square_of(x.data + q * x.point, d);
      sum[q] = square.sum;
      rest[q] = square.rest;
    }
    return;
  }
  for (int64_t q = 0; q < n; ++q) sum[q] = rest[q] = 0;
  for (int64_t i = 0; i < d; ++i) {
    const T* row = x.data + i * x.channel;
    prefetch_channel(x, i, d, n);
#pragma omp simd
    for (int64_t q = 0; q < n; ++q) {
      if constexpr (std::is_same_v<T, double>) {
        Square square{sum[q], rest[q]};
        square.add(row[q]);
        sum[q] = square.sum;
        rest[q] = square.rest;
      } else {
        sum[q] += static_cast<double>(row[q]) * row[q];
      }
    }
  }
}

/// sum over i of f(a_i, b_i) for n points, in float64.
template <typename F, typename T>
GYROSEG_INLINE void sums_of(const ChunkView<const T>& a, const ChunkView<const T>& b, int64_t d,
                            int64_t n, ChunkArray& sums) {
  if (a.channel == 1) {
    for (int64_t q = 0; q < n; ++q) {
      const T *x = a.data + q * a.point, *y = b.data + q * b.point;
      double sum = 0;
#pragma omp simd reduction(+ : sum)
      for (int64_t i = 0; i < d; ++i) sum += F::of(x[i], y[i]);
      sums[q] = sum;
    }
    return;
  }
  for (int64_t q = 0; q < n; ++q) sums[q] = 0;
  for (int64_t i = 0; i < d; ++i) {
    const T *x = a.data + i * a.channel, *y = b.data + i * b.channel;
    prefetch_channel(a, i, d, n);
    prefetch_channel(b, i, d, n);
#pragma omp simd
    for (int64_t q = 0; q < n; ++q) sums[q] += F::of(x[q], y[q]);
  }
}

struct Product {
  static GYROSEG_INLINE double of(double a, double b) { return a * b; }
};
struct SquaredDifference {
  static GYROSEG_INLINE double of(double a, double b) { return (b - a) * (b - a); }
};
struct SquaredSum {
  static GYROSEG_INLINE double of(double a, double b) { return (a + b) * (a + b); }
};

/// |x|^2, |y|^2 with their rests and the sum of F for n pairs. float32 needs no rests and gets all
/// three in one pass: a pass for each waited for its own chain of additions, at a third of the speed.
template <typename F, typename T>
GYROSEG_INLINE void pair_sums_of(const ChunkView<const T>& x, const ChunkView<const T>& y,
                                 int64_t d, int64_t n, ChunkArray& xx, ChunkArray& xx_rest,
                                 ChunkArray& yy, ChunkArray& yy_rest, ChunkArray& both) {
  if constexpr (std::is_same_v<T, double>) {
    squares_of(x, d, n, xx, xx_rest);
    squares_of(y, d, n, yy, yy_rest);
    sums_of<F>(x, y, d, n, both);
    return;
  }
  for (int64_t q = 0; q < n; ++q) xx_rest[q] = yy_rest[q] = 0;
  if (x.channel == 1) {
    for (int64_t q = 0; q < n; ++q) {
      const T *xs = x.data + q * x.point, *ys = y.data + q * y.point;
      double x2 = 0, y2 = 0, sum = 0;
#pragma omp simd reduction(+ : x2, y2, sum)
      for (int64_t i = 0; i < d; ++i) {
        const double a = xs[i], b = ys[i];
        x2 += a * a;
        y2 += b * b;
        sum += F::of(a, b);
      }
      xx[q] = x2;
      yy[q] = y2;
      both[q] = sum;
    }
    return;
  }
  for (int64_t q = 0; q < n; ++q) xx[q] = yy[q] = both[q] = 0;
  for (int64_t i = 0; i < d; ++i) {
    const T *xs = x.data + i * x.channel, *ys = y.data + i * y.channel;
    prefetch_channel(x, i, d, n);
    prefetch_channel(y, i, d, n);
#pragma omp simd
    for (int64_t q = 0; q < n; ++q) {
      const double a = xs[q], b = ys[q];
      xx[q] += a * a;
      yy[q] += b * b;
      both[q] += F::of(a, b);
    }
  }
}

/// Sum of n entries.
GYROSEG_INLINE double total_of(const ChunkArray& values, int64_t n) {
  double sum = 0;
#pragma omp simd reduction(+ : sum)
  for (int64_t q = 0; q < n; ++q) sum += values[q];
  return sum;
}

}  // namespace gyroseg::detail
