#pragma once

#include <cmath>
#include <cstdint>
#include <type_traits>
#include <vector>

#include "manifolds/kernels/instruction_sets.h"
#include "manifolds/stable_math.h"

namespace gyroseg::detail {

/// Lengths of two vectors and the angle between them, exact for parallel vectors and neighbours
/// (derivations.md C). The wedge of v and w by the pivot w_j of largest magnitude gives exactly 0 for
/// parallel vectors; beyond a right angle nothing cancels and the cosine itself serves.
template <typename T>
class Angle {
 public:
  explicit Angle(int64_t d) : d_(d), across_(d) {}

  GYROSEG_INLINE void measure(const T* v, const T* w) {
    measure_lengths(v, w);
    find_angle(v, w);
  }

  double a = 0, b = 0;                  ///< |v|, |w|
  double inverse_a = 0, inverse_b = 0;  ///< 0 for a vector 0
  double difference = 0;                ///< (|v|^2 - |w|^2)/(|v| + |w|) = |v| - |w|
  double cosine = 0, sin2_half = 0;
  double across2 = 0;  ///< |v/|v| - cosine w/|w||^2

  /// Component i of v/|v| - cosine w/|w|, and of w/|w| - cosine v/|v|.
  [[nodiscard]] GYROSEG_INLINE double v_across_w(int64_t i) const { return across_[i]; }
  [[nodiscard]] GYROSEG_INLINE double w_across_v(int64_t i, double unit_w) const {
    return across2 * unit_w - cosine * across_[i];
  }

 private:
  GYROSEG_INLINE void measure_lengths(const T* v, const T* w) {
    double vv = 0, ww = 0, vw = 0, gap = 0;
#pragma omp simd reduction(+ : vv, ww, vw, gap)
    for (int64_t i = 0; i < d_; ++i) {
      const double x = v[i], y = w[i];
      vv += x * x;
      ww += y * y;
      vw += x * y;
      gap += (x - y) * (x + y);
    }
    a = std::sqrt(vv);
    b = std::sqrt(ww);
    inverse_a = a == 0 ? 0 : 1 / a;
    inverse_b = b == 0 ? 0 : 1 / b;
    cosine = vw * inverse_a * inverse_b;
    difference = a + b == 0 ? 0 : gap / (a + b);
  }

  static GYROSEG_INLINE double wedge(double p, double q, double r, double s) {
    if constexpr (std::is_same_v<T, double>) return difference_of_products(p, q, r, s);
    const double first = p * q, second = r * s;  // both products of float32 values are exact
    return first - second;
  }

  GYROSEG_INLINE void find_angle(const T* v, const T* w) {
    double* across = across_.data();
    if (!(cosine > 0)) {
      sin2_half = (1 - cosine) / 2;
#pragma omp simd
      for (int64_t i = 0; i < d_; ++i) across[i] = v[i] * inverse_a - cosine * (w[i] * inverse_b);
    } else {
      int64_t pivot = 0;
      for (int64_t i = 1; i < d_; ++i)
        if (std::abs(w[i]) > std::abs(w[pivot])) pivot = i;
      const double wj = w[pivot], vj = v[pivot];
      double along = 0;
#pragma omp simd reduction(+ : along)
      for (int64_t i = 0; i < d_; ++i) {
        across[i] = wedge(v[i], wj, vj, w[i]) / wj;
        along += across[i] * (w[i] * inverse_b);
      }
#pragma omp simd
      for (int64_t i = 0; i < d_; ++i)
        across[i] = (across[i] - along * (w[i] * inverse_b)) * inverse_a;
    }
    across2 = 0;
    for (int64_t i = 0; i < d_; ++i) across2 += across[i] * across[i];
    if (cosine > 0) sin2_half = across2 / (2 * (1 + cosine));
  }

  int64_t d_;
  std::vector<double> across_;
};

}  // namespace gyroseg::detail
