#pragma once

#include <torch/types.h>

#include <cmath>
#include <numbers>

namespace gyroseg::detail {

// Every number and form that guards numerics, each with its reason. Letters: derivations.md.

/// From here on asinh(e^t) = t + log 2 in float64: the rest, e^(-2t)/4, is 1e-18 at 20.
inline constexpr double kAsinhIsLog = 20.0;

/// Smallest scale E = e^-M of the polar logits (section D). Its square must stay a normal float64,
/// or the denominator sqrt(E^2 + T^2) would vanish on a hyperplane. It is reached only when M = 2p
/// + |rho| > 345, and changes a result only where |T| e^-M < 1e-150, which needs a cosine below
/// 1e-149: exact zeros.
inline constexpr double kSmallestScale = 1e-150;

/// On a hyperplane at hyperbolic radius R the logit's gradient is about e^(sqrt(c) R): true, but
/// beyond float32 from sqrt(c) R = 88 on. The gradient by one dot product <v,z_k> is held at this
/// magnitude over max(1, |v|, |z_k|), sign kept, so that sums over classes and pixels stay finite.
/// Never zeroed.
inline double largest_gradient(torch::Dtype dtype) {
  return dtype == torch::kFloat64 ? 1e150 : 1e30;
}

/// Largest sqrt(c)|x| of a point that an operator returns: rounding the coordinates to the dtype
/// moves the norm by up to half a unit in the last place of 1, and a float64 norm is itself known to
/// an ulp or two only. No clamp elsewhere: gradients are never zeroed silently.
inline double largest_norm(torch::Dtype dtype) {
  switch (dtype) {
    case torch::kFloat64: return 1 - 0x1p-50;
    case torch::kFloat32: return 1 - 0x1p-23;
    case torch::kFloat16: return 1 - 0x1p-10;
    default: return 1 - 0x1p-7;  // bfloat16
  }
}

/// log sinh t for t >= 0 without overflow or cancellation; -inf at 0. Section C.
inline torch::Tensor log_sinh(const torch::Tensor& t) {
  return t + torch::log(-torch::expm1(-2 * t)) - std::numbers::ln2;
}

/// asinh(e^t) for every t, -inf included. Section C.
inline torch::Tensor asinh_exp(const torch::Tensor& t) {
  return torch::where(t < kAsinhIsLog, torch::asinh(torch::exp(t.clamp_max(kAsinhIsLog))),
                      t + std::numbers::ln2);
}

/// Rounding error of the float64 product a b = p, by Veltkamp's split: products of 26-bit halves
/// are exact.
inline torch::Tensor product_error(const torch::Tensor& a, const torch::Tensor& b,
                                   const torch::Tensor& p) {
  constexpr double kSplit = 134217729.0;  // 2^27 + 1
  const auto high = [](const torch::Tensor& x) {
    const auto t = kSplit * x;
    return t - (t - x);
  };
  const auto ah = high(a), bh = high(b);
  const auto al = a - ah, bl = b - bh;
  return ((ah * bh - p) + ah * bl + al * bh) + al * bl;
}

/// a b - c d of float64 tensors. Where the values came from float32 (`exact`), both products are
/// exact and so is their difference but for one rounding; otherwise the products' errors are added
/// back. Without it the angle between neighbouring vectors is noise (B9: 80 % at hyperbolic radius
/// 60).
inline torch::Tensor difference_of_products(const torch::Tensor& a, const torch::Tensor& b,
                                            const torch::Tensor& c, const torch::Tensor& d,
                                            bool exact) {
  const auto p = a * b, q = c * d;
  if (exact) return p - q;
  return (p - q) + (product_error(a, b, p) - product_error(c, d, q));
}

// The same for one number.

inline double log_sinh(double t) { return t + std::log(-std::expm1(-2 * t)) - std::numbers::ln2; }

/// log(e^a + e^b); -inf where both are.
inline double log_add(double a, double b) {
  const double large = a < b ? b : a, small = a < b ? a : b;
  return std::isinf(large) ? large : large + std::log1p(std::exp(small - large));
}

/// a b - c d to 1.5 ulp, by fused multiply-add (Kahan).
inline double difference_of_products(double a, double b, double c, double d) {
  const double q = c * d;
  return std::fma(a, b, -q) + std::fma(-c, d, q);
}

}  // namespace gyroseg::detail
