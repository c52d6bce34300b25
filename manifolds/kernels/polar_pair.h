#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "manifolds/kernels/angle_cpu.h"
#include "manifolds/kernels/series.h"
#include "manifolds/kernels/vector_math.h"

namespace gyroseg::detail {

/// (t cosh t - sinh t)/t^3 for |t| <= 2.
inline double cosh_rest(double t) { return polynomial(kCoshRestSeries, t * t); }

/// (sqrt(1+u) phi(u) - 1)/u.
inline double kap_of(double u) {
  if (u < kKapBound) return polynomial(kKapSeries, u);
  const double root = std::sqrt(1 + u);
  return (root * asinh_of(std::sqrt(u), root) / std::sqrt(u) - 1) / u;
}

/// derivations.md C for one pair of rows; polar_dist_composite.cpp has the same steps.
template <typename T>
class PolarPair {
 public:
  PolarPair(int64_t d, double c) : d_(d), c_(c), root_c_(std::sqrt(c)), angle_(d) {}

  GYROSEG_INLINE double distance(const T* v, const T* w) {
    angle_.measure(v, w);
    delta_ = root_c_ * angle_.difference;
    radial_ = 2 * log_sinh(std::abs(delta_));
    angular_ = log_sinh(twice_v()) + log_sinh(twice_w()) + std::log(angle_.sin2_half);
    log_u_ = log_add(radial_, angular_);
    return 2 / root_c_ * arc();
  }

  /// Writes grad times the gradients of the pair last measured where by_v and by_w are not null, and
  /// returns the one by c.
  GYROSEG_INLINE double gradient(const T* v, const T* w, double grad, T* by_v, T* by_w) const {
    const double tanh_half = 1 / std::sqrt(1 + std::exp(-log_u_));
    const bool equal = log_u_ == -std::numeric_limits<double>::infinity();
    const double angular = equal ? 0 : std::exp(angular_ - log_u_);
    const double radial = equal ? 0 : std::exp(radial_ - log_u_);
    const double density = angle_.sin2_half == 0 ? 0 : angular / angle_.sin2_half;
    const double pull = delta_ == 0 ? 0 : radial / std::tanh(delta_);
    const double scale = grad * tanh_half;
    if (by_v != nullptr) {
      const double along = angle_.a == 0 ? 0 : pull + angular / std::tanh(twice_v());
      const double out = 2 * scale * along * angle_.inverse_a;
      const double turn = angle_.a == 0 ? 0 : scale * density / twice_v();
      const double at_origin = angle_.a == 0 && !equal ? -2 * grad * angle_.inverse_b : 0;
#pragma omp simd
      for (int64_t i = 0; i < d_; ++i) {
        const double unit_w = w[i] * angle_.inverse_b;
        by_v[i] = static_cast<T>(out * v[i] - turn * angle_.w_across_v(i, unit_w) +
                                 at_origin * w[i]);
      }
    }
    if (by_w != nullptr) {
      const double along = angle_.b == 0 ? 0 : angular / std::tanh(twice_w()) - pull;
      const double out = 2 * scale * along * angle_.inverse_b;
      const double turn = angle_.b == 0 ? 0 : scale * density / twice_w();
      const double at_origin = angle_.b == 0 && !equal ? -2 * grad * angle_.inverse_a : 0;
#pragma omp simd
      for (int64_t i = 0; i < d_; ++i)
        by_w[i] = static_cast<T>(out * w[i] - turn * angle_.v_across_w(i) + at_origin * v[i]);
    }
    return equal ? 0 : grad * by_c(tanh_half, radial, angular);
  }

 private:
  [[nodiscard]] GYROSEG_INLINE double twice_v() const { return 2 * root_c_ * angle_.a; }
  [[nodiscard]] GYROSEG_INLINE double twice_w() const { return 2 * root_c_ * angle_.b; }

  /// asinh sqrt u.
  [[nodiscard]] GYROSEG_INLINE double arc() const {
    const double half = log_u_ / 2;
    return half < kAsinhIsLog ? std::asinh(std::exp(half)) : half + std::numbers::ln2;
  }

  /// dd/dc: closed for long vectors, by series where its terms cancel.
  [[nodiscard]] GYROSEG_INLINE double by_c(double tanh_half, double radial, double angular) const {
    const double r2 = twice_v(), s2 = twice_w(), cube = c_ * root_c_;
    const auto t_coth = [](double t) { return t == 0 ? 1 : t / std::tanh(t); };
    if (std::max(r2, s2) >= 2)
      return (tanh_half * (radial * t_coth(delta_) + angular / 2 * (t_coth(r2) + t_coth(s2))) -
              arc()) /
             cube;
    const double u = std::exp(log_u_);
    const double radial_part = 2 * std::sinh(delta_) * delta_ * delta_ * delta_ * cosh_rest(delta_);
    const double angular_part = std::sinh(s2) * r2 * r2 * r2 * cosh_rest(r2) +
                                std::sinh(r2) * s2 * s2 * s2 * cosh_rest(s2);
    return (radial_part + angle_.sin2_half * angular_part - 2 * u * u * kap_of(u)) /
           (2 * cube * std::sqrt(u * (1 + u)));
  }

  int64_t d_;
  double c_, root_c_;
  Angle<T> angle_;
  double delta_ = 0, radial_ = 0, angular_ = 0, log_u_ = 0;
};

}  // namespace gyroseg::detail
