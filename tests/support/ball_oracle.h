#pragma once

#include <limits>
#include <vector>

#include "support/hyperbolic_oracle.h"

namespace gyroseg::oracle {

// The definitions of hyperbolic.md section 1 in ball and hyperboloid coordinates, written literally:
// they cancel, and long decimals pay for it. Nothing in common with the forms under test.

/// [(1 + 2c<x,y> + c|y|^2) x + (1 - c|x|^2) y] / (1 + 2c<x,y> + c^2|x|^2|y|^2).
template <typename R>
Vector<R> mobius_add(const Vector<R>& x, const Vector<R>& y, const R& c) {
  const R xy = 2 * c * dot(x, y), xx = c * dot(x, x), yy = c * dot(y, y);
  return scaled(sum(scaled(x, R(1 + xy + yy)), scaled(y, R(1 - xx))), R(1 / (1 + xy + xx * yy)));
}

template <typename R>
R artanh_of(const R& t) {
  return log((1 + t) / (1 - t)) / 2;
}

/// (2/sqrt c) artanh(sqrt(c) |-x (+) y|).
template <typename R>
R ball_dist(const Vector<R>& x, const Vector<R>& y, const R& c) {
  const auto difference = mobius_add(scaled(x, R(-1)), y, c);
  return 2 / sqrt(c) * artanh_of(R(sqrt(c * dot(difference, difference))));
}

/// artanh(sqrt(c)|y|) y/(sqrt(c)|y|).
template <typename R>
Vector<R> log0(const Vector<R>& y, const R& c) {
  const R t = sqrt(c * dot(y, y));
  return t == 0 ? y : scaled(y, R(artanh_of(t) / t));
}

/// Ganea's logit: (lambda_p |a|/sqrt c) asinh( 2 sqrt(c) <q,a> / ((1 - c|q|^2)|a|) ), q = -p (+) x.
template <typename R>
R ganea_logit(const Vector<R>& x, const Vector<R>& p, const Vector<R>& a, const R& c) {
  const R length = sqrt(dot(a, a));
  if (length == 0) return 0;
  const auto q = mobius_add(scaled(p, R(-1)), x, c);
  const R lambda = 2 / (1 - c * dot(p, p));
  return lambda * length / sqrt(c) *
         asinh_of(R(2 * sqrt(c) * dot(q, a) / ((1 - c * dot(q, q)) * length)));
}

template <typename R>
R gap(const Vector<R>& x, const R& c) {
  return 1 - c * dot(x, x);
}

template <typename R>
Vector<R> exp_at(const Vector<R>& x, const Vector<R>& v, const R& c) {
  return mobius_add(x, exp0(scaled(v, R(1 / gap(x, c))), c), c);
}

template <typename R>
Vector<R> log_at(const Vector<R>& x, const Vector<R>& y, const R& c) {
  const auto m = mobius_add(scaled(x, R(-1)), y, c);
  const R t = sqrt(R(c * dot(m, m)));
  if (t == 0) return m;
  return scaled(m, R(gap(x, c) * log(R((1 + t) / (1 - t))) / (2 * t)));
}

/// -(u (+) v) (+) (u (+) (v (+) w)); linear in w, which is made short enough to be a point.
template <typename R>
Vector<R> gyration(const Vector<R>& u, const Vector<R>& v, const Vector<R>& w, const R& c) {
  const R size = 1000 * sqrt(R(c * dot(w, w)));
  const auto point = scaled(w, R(1 / size));
  const auto turned =
      mobius_add(scaled(mobius_add(u, v, c), R(-1)), mobius_add(u, mobius_add(v, point, c), c), c);
  return scaled(turned, size);
}

template <typename R>
Vector<R> transport(const Vector<R>& x, const Vector<R>& y, const Vector<R>& v, const R& c) {
  return scaled(gyration(y, scaled(x, R(-1)), v, c), R(gap(y, c) / gap(x, c)));
}

template <typename R>
Vector<R> midpoint(const std::vector<Vector<R>>& points, const std::vector<R>& weights,
                   const R& c) {
  Vector<R> top(points[0].size(), R(0));
  R bottom = 0;
  for (size_t i = 0; i < points.size(); ++i) {
    const R lambda = 2 / gap(points[i], c);
    top = sum(top, scaled(points[i], R(weights[i] * lambda)));
    bottom += weights[i] * (lambda - 1);
  }
  const auto f = scaled(top, R(1 / bottom));
  return scaled(f, R(1 / (1 + sqrt(gap(f, c)))));
}

/// [X0, Xs] with X0 = sqrt(1/c + |Xs|^2), for the space part of a point [.., Xs].
template <typename R>
Vector<R> on_hyperboloid(Vector<R> x, const R& c) {
  x[0] = 0;
  x[0] = sqrt(1 / c + dot(x, x));
  return x;
}

/// (2/sqrt c) asinh( (sqrt(c)/2) |X-Y|_L ), |X-Y|_L^2 = <X-Y, X-Y>_L.
template <typename R>
R lorentz_dist(const Vector<R>& x, const Vector<R>& y, const R& c) {
  const auto gap = sum(x, scaled(y, R(-1)));
  const R square = dot(gap, gap) - 2 * gap[0] * gap[0];
  return 2 / sqrt(c) * asinh_of(R(sqrt(c * (square < 0 ? R(0) : square)) / 2));
}

/// Derivative of a function of one number.
template <typename R, typename F>
Vector<R> derivative(const F& f, const R& at) {
  return gradient([&](const Vector<R>& x) { return f(x[0]); }, Vector<R>{at});
}

}  // namespace gyroseg::oracle
