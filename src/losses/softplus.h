#pragma once

#include <bit>
#include <cmath>
#include <cstdint>

namespace gyroseg::losses {

/// Everything here is branch-free and inlined: a loop over pixels becomes vector instructions.
#define GYROSEG_INLINE [[gnu::always_inline]] inline

/// condition ? a : b without a branch: a compiler that sees the two ways takes them apart again,
/// and the loop stays scalar.
GYROSEG_INLINE float choose(bool condition, float a, float b) {
  const std::uint32_t mask = 0U - static_cast<std::uint32_t>(condition);
  return std::bit_cast<float>((std::bit_cast<std::uint32_t>(a) & mask) |
                              (std::bit_cast<std::uint32_t>(b) & ~mask));
}
GYROSEG_INLINE double choose(bool condition, double a, double b) {
  const std::uint64_t mask = 0U - static_cast<std::uint64_t>(condition);
  return std::bit_cast<double>((std::bit_cast<std::uint64_t>(a) & mask) |
                               (std::bit_cast<std::uint64_t>(b) & ~mask));
}

/// exp(-a) for a >= 0; NaN stays NaN. Relative error below 2e-7 in float; 0 beyond a = 86.
GYROSEG_INLINE float exp_negative(float a) {
  constexpr float kLargest = 86.5F;             // keeps the result a normal number
  constexpr float kRound = 12582912.0F;         // 1.5 * 2^23: adding it rounds to an integer
  constexpr float kLog2e = 1.44269504F;
  constexpr float kLn2High = 0.693359375F;      // exact in 10 bits: n * kLn2High has no error
  constexpr float kLn2Low = -2.12194440e-4F;
  const float x = choose(a > kLargest, -kLargest, -a);
  const float shifted = x * kLog2e + kRound;
  const float n = shifted - kRound;
  const float r = (x - n * kLn2High) - n * kLn2Low;
  // Minimax polynomial of exp on |r| <= ln(2)/2 (Cephes expf).
  float p = 1.9875691500e-4F;
  p = p * r + 1.3981999507e-3F;
  p = p * r + 8.3334519073e-3F;
  p = p * r + 4.1665795894e-2F;
  p = p * r + 1.6666665459e-1F;
  p = p * r + 5.0000001201e-1F;
  p = p * (r * r) + r + 1.0F;
  // The low bits of `shifted` are n: add them to the exponent of p.
  const std::uint32_t scale = std::bit_cast<std::uint32_t>(shifted) << 23U;
  const float result = std::bit_cast<float>(std::bit_cast<std::uint32_t>(p) + scale);
  return choose(a > kLargest, 0.0F, result);
}
GYROSEG_INLINE double exp_negative(double a) { return std::exp(-a); }

/// log(1 + e) for e in [0, 1]: 2 artanh(e / (2 + e)), whose series ends below float's rounding.
GYROSEG_INLINE float log_one_plus(float e) {
  const float s = e / (2.0F + e);
  const float q = s * s;
  float p = 1.0F / 13.0F;
  p = p * q + 1.0F / 11.0F;
  p = p * q + 1.0F / 9.0F;
  p = p * q + 1.0F / 7.0F;
  p = p * q + 1.0F / 5.0F;
  p = p * q + 1.0F / 3.0F;
  p = p * q + 1.0F;
  return 2.0F * s * p;
}
GYROSEG_INLINE double log_one_plus(double e) { return std::log1p(e); }

template <typename T>
struct FocalTerm {
  T value;       ///< sigmoid(x)^gamma softplus(x)
  T derivative;  ///< with respect to x
};

enum class Focus { kNone, kSquare, kAny };  ///< gamma 0, 2, any other

template <Focus focus, typename T>
GYROSEG_INLINE FocalTerm<T> focal_softplus(T x, T gamma) {
  const T magnitude = std::abs(x);
  const T e = exp_negative(magnitude);
  const T log_part = log_one_plus(e);
  const T larger = T(1) / (T(1) + e);  // sigmoid(|x|)
  const bool negative = x < 0;
  const T sigmoid = choose(negative, e, T(1)) * larger;
  const T softplus = choose(negative, T(0), x) + log_part;
  if constexpr (focus == Focus::kNone) {
    return {softplus, sigmoid};
  } else {
    const T complement = choose(negative, T(1), e) * larger;
    T factor = sigmoid * sigmoid;
    if constexpr (focus == Focus::kAny) {
      factor = exp_negative(gamma * (choose(negative, magnitude, T(0)) + log_part));
    }
    return {factor * softplus, factor * (gamma * complement * softplus + sigmoid)};
  }
}

}  // namespace gyroseg::losses
