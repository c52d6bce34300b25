#pragma once

#include <cmath>
#include <cstdint>

#include "manifolds/kernels/angle_cpu.h"
#include "manifolds/kernels/instruction_sets.h"

namespace gyroseg::detail {

/// |v - w| of one pair of rows, with PolarPair's interface. The gradient at v == w is 0.
template <typename T>
class EuclideanPair {
 public:
  EuclideanPair(int64_t d, double) : d_(d) {}

  GYROSEG_INLINE double distance(const T* v, const T* w) {
    double sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t i = 0; i < d_; ++i) {
      const double gap = static_cast<double>(v[i]) - w[i];
      sum += gap * gap;
    }
    return length_ = std::sqrt(sum);
  }

  GYROSEG_INLINE double gradient(const T* v, const T* w, double grad, T* by_v, T* by_w) const {
    const double scale = length_ == 0 ? 0 : grad / length_;
#pragma omp simd
    for (int64_t i = 0; i < d_; ++i) {
      const double g = scale * (static_cast<double>(v[i]) - w[i]);
      by_v[i] = static_cast<T>(g);
      by_w[i] = static_cast<T>(-g);
    }
    return 0;
  }

 private:
  int64_t d_;
  double length_ = 0;
};

/// 1 - cos(v, w) of one pair of rows, with PolarPair's interface. A vector 0 has no direction: it is
/// at 1 from all others and at 0 from another 0, with gradient 0, as Sphere::tangent_dist has it.
template <typename T>
class CosinePair {
 public:
  CosinePair(int64_t d, double) : d_(d), angle_(d) {}

  GYROSEG_INLINE double distance(const T* v, const T* w) {
    angle_.measure(v, w);
    return angle_.a == 0 && angle_.b == 0 ? 0 : 2 * angle_.sin2_half;
  }

  GYROSEG_INLINE double gradient(const T* v, const T* w, double grad, T* by_v, T* by_w) const {
    (void)v;
    const double scale_v = -grad * angle_.inverse_a, scale_w = -grad * angle_.inverse_b;
#pragma omp simd
    for (int64_t i = 0; i < d_; ++i) {
      by_v[i] = static_cast<T>(scale_v * angle_.w_across_v(i, w[i] * angle_.inverse_b));
      by_w[i] = static_cast<T>(scale_w * angle_.v_across_w(i));
    }
    return 0;
  }

 private:
  int64_t d_;
  Angle<T> angle_;
};

}  // namespace gyroseg::detail
