#pragma once

#include <torch/types.h>

#include <boost/multiprecision/cpp_dec_float.hpp>
#include <cmath>
#include <vector>

namespace gyroseg::oracle {

/// The ball's definitions in long decimal arithmetic, by ball coordinates: nothing in common with
/// the polar forms under test. 60 + 0.9 sqrt(c) R digits resolve hyperbolic radius R
/// (derivations.md B9): 120 serve sqrt(c) R <= 60, 420 serve 400.
template <unsigned Digits>
using Number = boost::multiprecision::number<boost::multiprecision::cpp_dec_float<Digits>,
                                             boost::multiprecision::et_off>;
using Real = Number<120>;
using FarReal = Number<420>;

template <typename R>
using Vector = std::vector<R>;

/// The values of a 1-D tensor, exactly.
template <typename R>
Vector<R> exact(const torch::Tensor& t) {
  const auto flat = t.detach().to(torch::kFloat64).contiguous();
  const auto* data = flat.template const_data_ptr<double>();
  return Vector<R>(data, data + flat.numel());
}

template <typename R>
R dot(const Vector<R>& a, const Vector<R>& b) {
  R sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

template <typename R>
R asinh_of(const R& x) {
  const R size = abs(x), value = log(size + sqrt(size * size + 1));
  return x < 0 ? -value : value;
}

template <typename R>
Vector<R> scaled(Vector<R> a, const R& s) {
  for (auto& x : a) x *= s;
  return a;
}

template <typename R>
Vector<R> sum(Vector<R> a, const Vector<R>& b) {
  for (size_t i = 0; i < a.size(); ++i) a[i] += b[i];
  return a;
}

/// tanh(sqrt(c)|v|) v/(sqrt(c)|v|).
template <typename R>
Vector<R> exp0(const Vector<R>& v, const R& c) {
  const R t = sqrt(c * dot(v, v));
  if (t == 0) return v;
  const R e = exp(2 * t);
  return scaled(v, R((e - 1) / (e + 1) / t));
}

/// (2/sqrt c) asinh sqrt( c|x-y|^2 / ((1-c|x|^2)(1-c|y|^2)) ) of the points exp0(v), exp0(w).
template <typename R>
R dist(const Vector<R>& v, const Vector<R>& w, const R& c) {
  const auto x = exp0(v, c), y = exp0(w, c), gap = sum(x, scaled(y, R(-1)));
  const R u = c * dot(gap, gap) / ((1 - c * dot(x, x)) * (1 - c * dot(y, y)));
  return 2 / sqrt(c) * asinh_of(R(sqrt(u)));
}

/// 2|z| times the signed distance of exp0(v) from the hyperplane through p = exp0(r z/|z|) across
/// z, by Ganea's formula (2018) with a Moebius sum: (2|z|/sqrt c) asinh( 2 sqrt(c)<q,zh>/(1-c|q|^2)
/// ), q = -p(+)x.
template <typename R>
R logit(const Vector<R>& v, const Vector<R>& z, const R& r, const R& c) {
  const R length = sqrt(dot(z, z));
  if (length == 0) return 0;
  const auto normal = scaled(z, R(1 / length)), x = exp0(v, c);
  const auto m = scaled(exp0(scaled(normal, r), c), R(-1));  // -p
  const R mx = dot(m, x), mm = dot(m, m), xx = dot(x, x);
  const R denominator = 1 + 2 * c * mx + c * c * mm * xx;
  const auto q = scaled(sum(scaled(m, R(1 + 2 * c * mx + c * xx)), scaled(x, R(1 - c * mm))),
                        R(1 / denominator));
  return 2 * length / sqrt(c) * asinh_of(R(2 * sqrt(c) * dot(q, normal) / (1 - c * dot(q, q))));
}

/// Central differences; the step leaves 30 digits and more.
template <typename R, typename F>
Vector<R> gradient(const F& f, Vector<R> x) {
  const R step = sqrt(sqrt(std::numeric_limits<R>::epsilon()));
  const R scale = sqrt(dot(x, x)), h = scale == 0 ? step : R(step * scale);
  Vector<R> result;
  for (auto& entry : x) {
    const R at = entry;
    entry = at + h;
    const R up = f(x);
    entry = at - h;
    const R down = f(x);
    entry = at;
    result.push_back((up - down) / (2 * h));
  }
  return result;
}

/// |a - b|/|b| of a tensor and an oracle's vector; 0 where both vanish.
template <typename R>
double relative_error(const torch::Tensor& a, const Vector<R>& b) {
  const auto gap = sum(exact<R>(a), scaled(b, R(-1)));
  const R scale = dot(b, b);
  if (scale == 0) return static_cast<double>(R(sqrt(dot(gap, gap))));
  return static_cast<double>(R(sqrt(R(dot(gap, gap) / scale))));
}

}  // namespace gyroseg::oracle
