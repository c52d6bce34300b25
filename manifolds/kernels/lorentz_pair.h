#pragma once

#include <cmath>

#include "manifolds/kernels/angle_cpu.h"
#include "manifolds/kernels/vector_math.h"

namespace gyroseg::detail {

/// One pair of points of the hyperboloid, rows [X0, Xs]. The distance comes from the space parts
/// (derivations.md B3), as the polar one does; the gradients are those of |X-Y|_L (B4), with X0 - Y0
/// from the space parts too: the rounding of X0 is larger than it, for near points and near the
/// origin.
template <typename T>
class LorentzPair {
 public:
  LorentzPair(int64_t d, double c) : d_(d), c_(c), root_c_(std::sqrt(c)), angle_(d - 1) {}

  GYROSEG_INLINE double distance(const T* x, const T* y) {
    angle_.measure(x + 1, y + 1);
    const double a = root_c_ * angle_.a, b = root_c_ * angle_.b;
    const double time_x = std::sqrt(1 + a * a), time_y = std::sqrt(1 + b * b);  // sqrt(c) X0
    const double sum = a * time_y + b * time_x;
    time_difference_ = angle_.difference * (a + b) / (time_x + time_y);
    const double sinh_delta = sum == 0 ? 0 : root_c_ * angle_.difference * (a + b) / sum;
    // sinh^2(delta/2) = sinh^2(delta)/(2 (cosh(delta) + 1))
    const double square = sinh_delta * sinh_delta;
    u_ = square / (2 * (std::sqrt(1 + square) + 1)) + a * b * angle_.sin2_half;
    root_ = std::sqrt(1 + u_);
    arc_ = asinh_of(std::sqrt(u_), root_);
    return 2 / root_c_ * arc_;
  }

  GYROSEG_INLINE double gradient(const T* x, const T* y, double grad, T* by_x, T* by_y) const {
    const double chord = 2 * std::sqrt(u_) / root_c_;  // |X-Y|_L
    const double scale = u_ == 0 ? 0 : grad / (chord * root_);
    for (T* to : {by_x, by_y}) {
      if (to == nullptr) continue;
      const double signed_scale = to == by_x ? scale : -scale;
      to[0] = static_cast<T>(-signed_scale * time_difference_);
#pragma omp simd
      for (int64_t i = 1; i < d_; ++i)
        to[i] = static_cast<T>(signed_scale * (static_cast<double>(x[i]) - y[i]));
    }
    const double phi = u_ == 0 ? 1 : arc_ / std::sqrt(u_);
    return grad * chord * chord * chord / 8 * psi_of(u_, phi, root_);
  }

 private:
  int64_t d_;
  double c_, root_c_;
  Angle<T> angle_;
  double u_ = 0, root_ = 1, arc_ = 0, time_difference_ = 0;
};

}  // namespace gyroseg::detail
