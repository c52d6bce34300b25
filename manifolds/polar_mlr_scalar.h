#pragma once

#include <algorithm>
#include <cmath>

#include "manifolds/stable_math.h"

namespace gyroseg::detail {

/// The polar logit of one pixel and one class (derivations.md D). sinh and cosh of 2p and |rho| are kept
/// scaled by e^(-2p) and e^(-|rho|), so no exponent is positive and a pair costs no exponential:
/// T e^-M = C sh(2p-rho) - S sh(2p+rho), M = 2p + |rho|. A negative rho is the class with z, r negated.
struct MlrPixel {
  double length, inverse_length;  ///< |v|, 1/|v| (0 at v = 0)
  double twice_p;                 ///< 2p = 2 sqrt(c)|v|
  double decay, decay2, rest2;    ///< e^(-2p), e^(-4p), 1 - e^(-4p)
  double sinh_per_length;         ///< e^(-2p) sinh(2p)/|v|, 2 sqrt(c) at v = 0
  double reach;                   ///< 1/max(1, |v|), of largest_gradient
};

inline MlrPixel mlr_pixel(double length, double root_c) {
  MlrPixel x;
  x.length = length;
  x.inverse_length = length == 0 ? 0 : 1 / length;
  x.twice_p = 2 * root_c * length;
  x.decay = std::exp(-x.twice_p);
  x.decay2 = x.decay * x.decay;
  x.rest2 = -std::expm1(-2 * x.twice_p);
  x.sinh_per_length = length == 0 ? 2 * root_c : x.rest2 / 2 / length;
  x.reach = 1 / std::max(1.0, length);
  return x;
}

struct MlrClass {
  double length, inverse_length;  ///< |z|, 1/|z| (0 at z = 0)
  double sign;                    ///< of rho
  double rho;                     ///< |rho| = 2 sqrt(c)|r|
  double decay, decay2, rest2;    ///< e^-|rho|, e^(-2|rho|), 1 - e^(-2|rho|)
  double reach;                   ///< 1/max(1, |z|), of largest_gradient
};

inline MlrClass mlr_class(double length, double offset, double root_c) {
  MlrClass k;
  k.length = length;
  k.inverse_length = length == 0 ? 0 : 1 / length;
  k.sign = offset < 0 ? -1 : 1;
  k.rho = 2 * root_c * std::abs(offset);
  k.decay = std::exp(-k.rho);
  k.decay2 = k.decay * k.decay;
  k.rest2 = -std::expm1(-2 * k.rho);
  k.reach = 1 / std::max(1.0, length);
  return k;
}

/// sign(rho) cos(v, z), and T and 1 scaled by e^-M.
struct MlrPair {
  double cosine, t, one;
};

inline MlrPair mlr_pair(double dot, const MlrPixel& x, const MlrClass& k) {
  const double cosine =
      std::clamp(k.sign * dot * x.inverse_length * k.inverse_length, -1.0, 1.0);
  const double near = decay_difference(k.decay2, k.rest2, x.decay2, x.rest2);  // 2 sh(2p - |rho|)
  const double far = x.rest2 + k.rest2 - x.rest2 * k.rest2;                    // 2 sh(2p + |rho|)
  return {cosine, 0.25 * ((1 + cosine) * near - (1 - cosine) * far),
          std::max(x.decay * k.decay, kSmallestScale)};
}

/// logit = (2|z|/sqrt c) asinh T.
inline double mlr_logit(const MlrPair& pair, const MlrPixel& x, const MlrClass& k, double root_c) {
  const double t = std::abs(pair.t);
  const double size = t < pair.one
                          ? asinh_small(t / pair.one)
                          : x.twice_p + k.rho + std::log(t + std::sqrt(pair.one * pair.one + t * t));
  return k.sign * std::copysign(size, pair.t) * 2 * k.length / root_c;
}

/// Gradient of one logit times the incoming gradient: by <v,z>, by |v| and by |z| with <v,z> held fixed
/// (the latter less the part logit/|z|), and by r.
struct MlrPairGradient {
  double dot, v_length, z_length, offset;
};

inline MlrPairGradient mlr_gradient(double grad, double dot, const MlrPair& pair, const MlrPixel& x,
                                    const MlrClass& k, double root_c, double limit) {
  const double inverse = 1 / std::sqrt(pair.one * pair.one + pair.t * pair.t);
  const double sinh_x = x.rest2 / 2, cosh_x = (1 + x.decay2) / 2;
  const double sinh_k = k.rest2 / 2, cosh_k = (1 + k.decay2) / 2;
  const double by_p = 2 * k.sign * (pair.cosine * cosh_x * cosh_k - sinh_x * sinh_k) * inverse;
  const double by_rho = (pair.cosine * sinh_x * sinh_k - cosh_x * cosh_k) * inverse;
  const double most = limit * std::min(x.reach, k.reach);
  const double by_dot =
      k.length == 0 ? 0.0
                    : std::clamp(grad * (2 / root_c) * x.sinh_per_length * cosh_k * inverse, -most, most);
  return {by_dot,
          std::clamp(grad * 2 * k.length * by_p, -limit, limit) - by_dot * dot * x.inverse_length,
          -by_dot * dot * k.inverse_length,
          std::clamp(grad * 4 * k.length * by_rho, -limit, limit)};
}

}  // namespace gyroseg::detail
