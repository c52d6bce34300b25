#pragma once

#include "manifolds/kernels/point_sums.h"
#include "manifolds/kernels/vector_math.h"

namespace gyroseg::detail {

/// What the ball's distance needs of n pairs of points (hyperbolic.md section 1).
struct PairSums {
  ChunkArray xx, xx_rest, yy, yy_rest, ss;  ///< |x|^2, |y|^2 with their rests, |x - y|^2

  template <typename T>
  GYROSEG_INLINE void fill(const ChunkView<const T>& x, const ChunkView<const T>& y, int64_t d,
                           int64_t n) {
    pair_sums_of<SquaredDifference>(x, y, d, n, xx, xx_rest, yy, yy_rest, ss);
  }
};

/// One pair. al, be: the points' gaps 1 - c|x|^2; s = |x - y|^2; u = c s/(al be); `arc` is
/// asinh(sqrt u).
struct BallPair {
  double al, be, s, ratio, u, root, arc, phi;

  GYROSEG_INLINE BallPair(double c, double gap_x, double gap_y, double squared)
      : al(gap_x), be(gap_y), s(squared) {
    ratio = s / (al * be);
    u = c * ratio;
    root = std::sqrt(1 + u);
    const double q = std::sqrt(u);
    arc = ::log1p(q + u / (1 + root));
    phi = u == 0 ? 1 : arc / q;
  }

  /// (|x|^2/al + |y|^2/be)/sqrt(1+u) + (s/(al be)) psi(u): the factor that dd/dc and d(d^2)/dc
  /// share (derivations.md E).
  [[nodiscard]] GYROSEG_INLINE double by_c(double xx, double yy) const {
    return (xx / al + yy / be) / root + ratio * psi_of(u, phi, root);
  }
};

/// d, its gradient by x over [(x - y) + (c s/al) x], and its gradient by c.
struct Distance {
  static GYROSEG_INLINE double value(const BallPair& p, double root_c) { return 2 / root_c * p.arc; }
  static GYROSEG_INLINE double slope(const BallPair& p, double c) {
    const double slope = 2 / std::sqrt(p.s * (p.al * p.be + c * p.s));
    return p.s == 0 ? 0 : slope;  // no gradient exists at x = y: 0 by convention
  }
  static GYROSEG_INLINE double by_c(const BallPair& p, double bracket) {
    return std::sqrt(p.ratio) * bracket;
  }
};

/// The same for d^2, which is smooth at x = y.
struct SquaredDistance {
  static GYROSEG_INLINE double value(const BallPair& p, double) {
    return 4 * p.ratio * p.phi * p.phi;
  }
  static GYROSEG_INLINE double slope(const BallPair& p, double) {
    return 8 * p.phi / (p.al * p.be * p.root);
  }
  static GYROSEG_INLINE double by_c(const BallPair& p, double bracket) {
    return 4 * p.ratio * p.phi * bracket;
  }
};

}  // namespace gyroseg::detail
