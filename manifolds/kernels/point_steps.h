#pragma once

#include <cmath>
#include <cstdint>
#include <limits>

#include "manifolds/kernels/flat_pairs.h"
#include "manifolds/kernels/lorentz_pair.h"
#include "manifolds/kernels/point_sums.h"
#include "manifolds/stable_math.h"

namespace gyroseg::detail {

// One row x [d] and the gradient g of a function of its coordinates: x <- exp_x(-lr rgrad), in
// float64 and in place.

inline void euclidean_step(double* x, const double* g, int64_t d, double lr, double) {
  for (int64_t i = 0; i < d; ++i) x[i] -= lr * g[i];
}

/// Along the great circle.
inline void sphere_step(double* x, const double* g, int64_t d, double lr, double) {
  double along = 0, square = 0, length = 0;
  for (int64_t i = 0; i < d; ++i) along += x[i] * g[i];
  for (int64_t i = 0; i < d; ++i) square += (g[i] - along * x[i]) * (g[i] - along * x[i]);
  const double angle = lr * std::sqrt(square);
  const double stay = std::cos(angle), turn = angle == 0 ? 0 : -lr * std::sin(angle) / angle;
  for (int64_t i = 0; i < d; ++i) {
    x[i] = stay * x[i] + turn * (g[i] - along * x[i]);
    length += x[i] * x[i];
  }
  length = std::sqrt(length);
  for (int64_t i = 0; i < d; ++i) x[i] /= length;
}

/// x (+) w in the update form (derivations.md B2), w = -scale g of length t/sqrt(c): for exp_x of
/// v = -lr (al^2/4) g, and lam_x/2 = 1/al, t = tanh(sqrt(c) lr (al/4) |g|). w's own gap is
/// 1 - t^2, `gap` is al = 1 - c|x|^2 and is brought up to date. Returns whether rounding had moved the
/// point onto the rim or beyond.
GYROSEG_INLINE bool ball_step(double* x, const double* g, int64_t d, double scale, double t,
                              double gap_w, double c, double* gap) {
  const double al = *gap;
  double sum2 = 0;
  for (int64_t i = 0; i < d; ++i) sum2 += (x[i] - scale * g[i]) * (x[i] - scale * g[i]);
  const double fraction = al / (al * gap_w + c * sum2);
  Square length;
  for (int64_t i = 0; i < d; ++i) {
    x[i] += fraction * (t * t * x[i] - scale * g[i]);
    length.add(x[i]);
  }
  const double largest = largest_norm(torch::kFloat64);
  const bool out = !(c * length.sum <= largest * largest);
  if (out) {
    const double shrink = largest / std::sqrt(c * length.sum);
    length = Square();
    for (int64_t i = 0; i < d; ++i) {
      x[i] *= shrink;
      length.add(x[i]);
    }
  }
  *gap = gap_of(c, length.sum, length.rest);
  return out;
}

/// Rows [X0, Xs]. The tangent vector is known by its space part: its time part is <Xs,vs>/X0.
inline void lorentz_step(double* x, const double* g, int64_t d, double lr, double c) {
  double along = x[0] * g[0];  // <X, (-g0, gs)>_L
  for (int64_t i = 1; i < d; ++i) along += x[i] * g[i];
  double vx = 0, xx = 0;
  for (int64_t i = 1; i < d; ++i) {
    const double v = -lr * (g[i] + c * along * x[i]);
    vx += v * x[i];
    xx += x[i] * x[i];
  }
  // |v|^2 = |part across Xs|^2 + |part along Xs|^2/(c X0^2): no difference of large squares.
  const double share = xx == 0 ? 0 : vx / xx;
  double across = 0;
  for (int64_t i = 1; i < d; ++i) {
    const double part = -lr * (g[i] + c * along * x[i]) - share * x[i];
    across += part * part;
  }
  const double t = std::sqrt(c * (across + share * vx / (1 + c * xx)));
  const double stay = std::cosh(t), turn = t == 0 ? 1 : std::sinh(t) / t;
  double square = 0;
  for (int64_t i = 1; i < d; ++i) {
    const double v = -lr * (g[i] + c * along * x[i]);
    x[i] = stay * x[i] + turn * v;
    square += x[i] * x[i];
  }
  x[0] = std::sqrt(1 / c + square);
}

/// The angle of two points of the unit sphere, with PolarPair's interface: 2 atan2(|x-y|, |x+y|). The
/// gradient is 0 where none exists, at x == y and at the antipode.
class GeodesicPair {
 public:
  GeodesicPair(int64_t d, double) : d_(d) {}

  GYROSEG_INLINE double distance(const double* x, const double* y) {
    double near2 = 0, far2 = 0;
    for (int64_t i = 0; i < d_; ++i) {
      near2 += (x[i] - y[i]) * (x[i] - y[i]);
      far2 += (x[i] + y[i]) * (x[i] + y[i]);
    }
    near_ = std::sqrt(near2);
    far_ = std::sqrt(far2);
    return 2 * std::atan2(near_, far_);
  }

  GYROSEG_INLINE double gradient(const double* x, const double* y, double grad, double* by_x,
                                 double* by_y) const {
    const double total = near_ * near_ + far_ * far_;
    const bool smooth = near_ > 0 && far_ > 0;
    const double apart = smooth ? 2 * grad * far_ / (near_ * total) : 0;
    const double together = smooth ? 2 * grad * near_ / (far_ * total) : 0;
    for (int64_t i = 0; i < d_; ++i) {
      const double gap = apart * (x[i] - y[i]), sum = together * (x[i] + y[i]);
      by_x[i] = gap - sum;
      by_y[i] = -gap - sum;
    }
    return 0;
  }

 private:
  int64_t d_;
  double near_ = 0, far_ = 0;
};

}  // namespace gyroseg::detail
