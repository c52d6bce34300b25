#pragma once

#include <cmath>
#include <limits>

#include "manifolds/kernels/point_sums.h"
#include "manifolds/kernels/vector_math.h"
#include "manifolds/stable_math.h"

namespace gyroseg::detail {

// Maps along rays: v -> f v, with backward f g + k <g,v> v and k |v|^2 <g,v>/(2c) for c
// (derivations.md E). Arguments: q = c|v|^2 and, for log0, the gap 1 - c|v|^2.

struct ExpForm {
  static constexpr bool kNeedsGap = false;
  static double largest(torch::Dtype type) { return largest_norm(type); }
  double factor, bend;  ///< f; k/c

  GYROSEG_INLINE ExpForm(double q, double) {
    const double t = std::sqrt(q), decay = ::exp(-2 * t), rest = -::expm1(-2 * t);
    const double ratio = rest / (1 + decay) / t;  // tanh(t)/t
    const double sech2 = 4 * decay / ((1 + decay) * (1 + decay));
    const double series = polynomial(kExpBendSeries, q), direct = (sech2 - ratio) / q;
    factor = q == 0 ? 1 : ratio;
    bend = q < kExpBendBound ? series : direct;
  }
};

struct LogForm {
  static constexpr bool kNeedsGap = true;
  static double largest(torch::Dtype) { return std::numeric_limits<double>::infinity(); }
  double factor, bend;

  GYROSEG_INLINE LogForm(double q, double gap) {
    const double t = std::sqrt(q), u = q / gap, root = std::sqrt(1 + u);
    const double ratio = asinh_of(std::sqrt(u), root) / t;  // artanh(t)/t
    const double series = polynomial(kLogBendSeries, q), direct = (1 / gap - ratio) / q;
    factor = q == 0 ? 1 : ratio;
    bend = q < kLogBendBound ? series : direct;
  }
};

}  // namespace gyroseg::detail
