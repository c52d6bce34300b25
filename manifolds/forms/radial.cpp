#include "manifolds/forms/radial.h"

#include <cmath>
#include <numbers>

#include "manifolds/kernels/composite_forms.h"

namespace gyroseg::detail {
namespace {

using torch::Tensor;

// Taylor coefficients in q. Below its bound each series is right to 1e-16 with its first
// derivative; above, the closed forms' derivatives lose eps/q.
constexpr double kTanhBound = 0.01;
constexpr double kTanhSeries[] = {
    1.0,         -1.0 / 3,         2.0 / 15,          -17.0 / 315,
    62.0 / 2835, -1382.0 / 155925, 21844.0 / 6081075, -929569.0 / 638512875};
// (t tanh(t)/t)': coefficient k is 2k + 1 times that of tanh(t)/t.
constexpr double kSechSeries[] = {1.0,
                                  -1.0,
                                  2.0 / 3,
                                  -17.0 / 45,
                                  62.0 / 315,
                                  -1382.0 / 14175,
                                  21844.0 / 467775,
                                  -929569.0 * 15 / 638512875};
constexpr double kAsinhBound = 0.01;
constexpr double kAsinhSeries[] = {1.0,           -1.0 / 6,       3.0 / 40,
                                   -5.0 / 112,    35.0 / 1152,    -63.0 / 2816,
                                   231.0 / 13312, -143.0 / 10240, 6435.0 / 557056};
constexpr double kSinhBound = 0.25;
constexpr double kSinhSeries[] = {
    1.0,          1.0 / 6,          1.0 / 120,          1.0 / 5040,
    1.0 / 362880, 1.0 / 39916800.0, 1.0 / 6227020800.0, 1.0 / 1307674368000.0};
constexpr double kSinSeries[] = {
    1.0,          -1.0 / 6,          1.0 / 120,          -1.0 / 5040,
    1.0 / 362880, -1.0 / 39916800.0, 1.0 / 6227020800.0, -1.0 / 1307674368000.0};
constexpr double kAtanBound = 0.01;
constexpr double kAtanSeries[] = {1.0,       -1.0 / 3, 1.0 / 5,   -1.0 / 7, 1.0 / 9,
                                  -1.0 / 11, 1.0 / 13, -1.0 / 15, 1.0 / 17};
constexpr double kLogSinhBound = 0.1;
constexpr double kLogSinhSeries[] = {0.0,
                                     1.0 / 6,
                                     -1.0 / 180,
                                     1.0 / 2835,
                                     -1.0 / 37800,
                                     1.0 / 467775,
                                     -691.0 / 3831077250.0,
                                     2.0 / 127702575.0,
                                     -3617.0 / 2605132530000.0};

/// The series below the bound, closed(t) above. Each branch sees only arguments of its own, or the
/// branch not taken would put NaN into the gradient.
template <int N, typename F>
Tensor even(const Tensor& q, double bound, const double (&series)[N], const F& closed) {
  const Tensor small = q < bound;
  return torch::where(small, polynomial(series, torch::where(small, q, 0.0)),
                      closed(torch::sqrt(torch::where(small, bound, q))));
}

}  // namespace

Tensor tanh_ratio(const Tensor& q) {
  return even(q, kTanhBound, kTanhSeries, [](const Tensor& t) { return torch::tanh(t) / t; });
}

Tensor sech_square(const Tensor& q) {
  return even(q, kTanhBound, kSechSeries, [](const Tensor& t) {
    const Tensor decay = torch::exp(-2 * t);  // cosh itself overflows
    return 4 * decay / (1 + decay).square();
  });
}

Tensor sinh_ratio(const Tensor& q) {
  return even(q, kSinhBound, kSinhSeries, [](const Tensor& t) { return torch::sinh(t) / t; });
}

Tensor asinh_ratio(const Tensor& q) {
  return even(q, kAsinhBound, kAsinhSeries, [](const Tensor& t) {
    return torch::log1p(t + t.square() / (1 + torch::sqrt(1 + t.square()))) / t;
  });
}

Tensor sin_ratio(const Tensor& q) {
  return even(q, kSinhBound, kSinSeries, [](const Tensor& t) { return torch::sin(t) / t; });
}

Tensor atan_ratio(const Tensor& q) {
  return even(q, kAtanBound, kAtanSeries, [](const Tensor& t) { return torch::atan(t) / t; });
}

Tensor log_sinh_ratio(const Tensor& q) {
  return even(q, kLogSinhBound, kLogSinhSeries, [](const Tensor& t) {
    return t + torch::log1p(-torch::exp(-2 * t)) - torch::log(2 * t);
  });
}

Tensor sinh_quotient(const Tensor& s, const Tensor& q) {
  const Tensor small = q < 1;
  const Tensor near = torch::where(small, q, 0.0), t = torch::sqrt(torch::where(small, 1.0, q));
  const Tensor far =  // sinh overflows at 710, and exp0 of the hyperboloid goes farther
      torch::exp((s - 1) * t) * torch::expm1(-2 * s * t) / torch::expm1(-2 * t);
  return torch::where(small, s * sinh_ratio(s.square() * near) / sinh_ratio(near), far);
}

Tensor sin_quotient(const Tensor& s, const Tensor& q) {
  return s * sin_ratio(s.square() * q) / sin_ratio(q);
}

}  // namespace gyroseg::detail
