#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>

#include "manifolds/stable_math.h"

namespace gyroseg::detail {

/// Pixels handled together: all arrays of a chunk stay in the first cache.
inline constexpr int64_t kChunk = 256;
using ChunkArray = std::array<double, kChunk>;

/// The polar logit of a chunk of pixels and one class (derivations.md D). sinh and cosh of 2p and
/// |rho| are kept scaled by e^(-2p) and e^(-|rho|), so no exponent is positive and a pair costs no
/// exponential: T e^-M = C sh(2p-rho) - S sh(2p+rho), M = 2p + |rho|. A negative rho is the class
/// with z, r negated. Arrays, not pixels, are the unit, so that compilers may vectorise; sqrt has a
/// loop of its own because it may set errno. The one logarithm of a pair is libm's: faster than a
/// series without wider instructions.
struct PixelChunk {
  ChunkArray length, inverse_length;  ///< |v|, 1/|v| (0 at v = 0)
  ChunkArray twice_p;                 ///< 2p = 2 sqrt(c)|v|
  ChunkArray decay, decay2, rest2;    ///< e^(-2p), e^(-4p), 1 - e^(-4p)
  ChunkArray sinh_per_length;         ///< e^(-2p) sinh(2p)/|v|, 2 sqrt(c) at v = 0
  ChunkArray reach;                   ///< 1/max(1, |v|), of largest_gradient
  int64_t count = 0;

  PixelChunk(const double* lengths, int64_t n, double root_c) : count(n) {
    for (int64_t q = 0; q < n; ++q) {
      length[q] = lengths[q];
      inverse_length[q] = length[q] == 0 ? 0 : 1 / length[q];
      twice_p[q] = 2 * root_c * length[q];
      decay[q] = std::exp(-twice_p[q]);
      decay2[q] = decay[q] * decay[q];
      rest2[q] = decay2[q] < 0.5 ? 1 - decay2[q] : -std::expm1(-2 * twice_p[q]);
      sinh_per_length[q] = length[q] == 0 ? 2 * root_c : rest2[q] / 2 * inverse_length[q];
      reach[q] = 1 / std::max(1.0, length[q]);
    }
  }
};

struct MlrClass {
  double length, inverse_length;  ///< |z|, 1/|z| (0 at z = 0)
  double sign;                    ///< of rho
  double rho;                     ///< |rho| = 2 sqrt(c)|r|
  double decay, decay2, rest2;    ///< e^-|rho|, e^(-2|rho|), 1 - e^(-2|rho|)
  double reach;                   ///< 1/max(1, |z|), of largest_gradient

  MlrClass(double norm, double offset, double root_c)
      : length(norm),
        inverse_length(norm == 0 ? 0 : 1 / norm),
        sign(offset < 0 ? -1 : 1),
        rho(2 * root_c * std::abs(offset)),
        decay(std::exp(-rho)),
        decay2(decay * decay),
        rest2(-std::expm1(-2 * rho)),
        reach(1 / std::max(1.0, norm)) {}
};

/// For each pixel sign(rho) cos(v, z), then T, 1 and cosh(asinh T) scaled by e^-M.
struct PairChunk {
  ChunkArray cosine, t, one, root;

  void fill(const ChunkArray& dots, const PixelChunk& x, const MlrClass& k) {
    const double scale = k.sign * k.inverse_length, decay = k.decay, decay2 = k.decay2,
                 rest2 = k.rest2;
    const bool far_class = rest2 > 0.5;
    for (int64_t q = 0; q < x.count; ++q) {
      const double raw = scale * dots[q] * x.inverse_length[q];
      const double low = raw < -1 ? -1 : raw, c = low > 1 ? 1 : low;
      // 2 sh(2p - |rho|) and 2 sh(2p + |rho|). Of e^(-2|rho|) - e^(-4p) and the difference of the
      // complements, the one whose terms are small keeps its digits: near 0 and far out alike.
      const double exponentials = decay2 - x.decay2[q], complements = x.rest2[q] - rest2;
      const double near = far_class && x.rest2[q] > 0.5 ? exponentials : complements;
      const double far = x.rest2[q] + rest2 - x.rest2[q] * rest2;
      const double e = x.decay[q] * decay, e_safe = e < kSmallestScale ? kSmallestScale : e;
      const double scaled = 0.25 * ((1 + c) * near - (1 - c) * far);
      cosine[q] = c;
      t[q] = scaled;
      one[q] = e_safe;
      root[q] = e_safe * e_safe + scaled * scaled;
    }
    for (int64_t q = 0; q < x.count; ++q) root[q] = std::sqrt(root[q]);
  }
};

/// (2|z|/sqrt c) asinh T: M + log of the scaled e^asinh(T); below T = 1 log1p of e^asinh(T) - 1,
/// formed without cancellation.
inline void chunk_logits(const PairChunk& pair, const PixelChunk& x, const MlrClass& k,
                         double root_c, ChunkArray& logits) {
  const double scale = k.sign * 2 * k.length / root_c;
  for (int64_t q = 0; q < x.count; ++q) {
    const double t = std::abs(pair.t[q]), one = pair.one[q], root = pair.root[q];
    const double size = t < one ? std::log1p((t + t * t / (one + root)) / one)
                                : x.twice_p[q] + k.rho + std::log(t + root);
    logits[q] = scale * std::copysign(size, pair.t[q]);
  }
}

/// Gradients of one class's logits times the incoming gradient.
struct GradientChunk {
  ChunkArray by_dot;     ///< by <v,z>
  ChunkArray by_length;  ///< by |v|, <v,z> held fixed
  ChunkArray by_normal;  ///< by log|z|, <v,z> held fixed
  ChunkArray by_offset;  ///< by r

  void fill(const ChunkArray& grad, const ChunkArray& dots, const ChunkArray& logits,
            const PairChunk& pair, const PixelChunk& x, const MlrClass& k, double root_c,
            double limit) {
    const double sinh_k = k.rest2 / 2, cosh_k = (1 + k.decay2) / 2, most = limit * k.reach;
    const double dot_scale = k.length == 0 ? 0 : 2 / root_c * cosh_k;
    const double p_scale = 4 * k.length * k.sign, rho_scale = 4 * k.length;
    const auto held = [](double value, double bound) {
      const double low = value < -bound ? -bound : value;
      return low > bound ? bound : low;
    };
    for (int64_t q = 0; q < x.count; ++q) {
      const double scaled = grad[q] / pair.root[q];
      const double sinh_x = x.rest2[q] / 2, cosh_x = (1 + x.decay2[q]) / 2, c = pair.cosine[q];
      const double by_pixel = limit * x.reach[q], bound = most < by_pixel ? most : by_pixel;
      const double dot = held(scaled * dot_scale * x.sinh_per_length[q], bound);
      const double p = held(scaled * p_scale * (c * cosh_x * cosh_k - sinh_x * sinh_k), limit);
      by_dot[q] = dot;
      by_length[q] = p - dot * dots[q] * x.inverse_length[q];
      by_normal[q] = grad[q] * logits[q] - dot * dots[q];
      by_offset[q] = held(scaled * rho_scale * (c * sinh_x * sinh_k - cosh_x * cosh_k), limit);
    }
  }
};

/// Sum in four lanes, which compilers keep in registers.
inline double sum_of(const ChunkArray& values, int64_t count) {
  std::array<double, 4> lanes{};
  int64_t q = 0;
  for (; q + 4 <= count; q += 4)
    for (int64_t lane = 0; lane < 4; ++lane) lanes[lane] += values[q + lane];
  for (; q < count; ++q) lanes[0] += values[q];
  return (lanes[0] + lanes[1]) + (lanes[2] + lanes[3]);
}

}  // namespace gyroseg::detail
