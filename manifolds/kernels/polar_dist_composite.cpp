#include <torch/types.h>

#include <limits>

#include "manifolds/kernels/angle_composite.h"
#include "manifolds/kernels/composite_forms.h"
#include "manifolds/kernels/pair_kernels.h"
#include "manifolds/kernels/series.h"
#include "manifolds/stable_math.h"

namespace gyroseg::detail {
namespace {

using torch::Tensor;

Tensor zero_where(const Tensor& mask, const Tensor& x) { return torch::where(mask, 0.0, x); }

/// t coth t, 1 at 0.
Tensor t_coth(const Tensor& t) { return torch::where(t == 0, 1.0, t / torch::tanh(t)); }

/// polar_pair.h for tensors: u = e^(log_u), P and Q its radial and angular shares.
struct LogDomain {
  Polar v, w;
  PolarAngle angle;
  Tensor root_c, delta, radial, angular, log_u;

  LogDomain(const Tensor& v_in, const Tensor& w_in, const Tensor& c, int64_t dim, bool exact)
      : v(v_in, dim), w(w_in, dim), angle(angle_between(v_in, v, w_in, w, dim, exact)) {
    root_c = torch::sqrt(c);
    const Tensor both = torch::where(v.is_zero & w.is_zero, 1.0, v.length + w.length);
    delta = root_c * ((v_in - w_in) * (v_in + w_in)).sum(dim, true) / both;
    radial = 2 * log_sinh(delta.abs());
    angular = log_sinh(2 * root_c * v.length) + log_sinh(2 * root_c * w.length) +
              torch::log(angle.sin2_half);
    log_u = torch::logaddexp(radial, angular);
  }
};

struct Gradients {
  Tensor v, w, c;  ///< of the distance
};

Tensor by_curvature(const LogDomain& s, const Tensor& c, const Tensor& tanh_half,
                    const Tensor& radial, const Tensor& angular) {
  const Tensor r2 = 2 * s.root_c * s.v.length, s2 = 2 * s.root_c * s.w.length;
  const Tensor cube = c * s.root_c;
  const Tensor far = (tanh_half * (radial * t_coth(s.delta) + angular / 2 * (t_coth(r2) + t_coth(s2))) -
                      asinh_exp(s.log_u / 2)) /
                     cube;
  const auto rest = [](const Tensor& t) { return polynomial(kCoshRestSeries, t.square()); };
  const Tensor u = torch::exp(s.log_u), root = torch::sqrt(1 + u);
  const Tensor kap = torch::where(u < kKapBound, polynomial(kKapSeries, u),
                                  (root * torch::asinh(torch::sqrt(u)) / torch::sqrt(u) - 1) / u);
  const Tensor near = (2 * torch::sinh(s.delta) * s.delta.pow(3) * rest(s.delta) +
                       s.angle.sin2_half * (torch::sinh(s2) * r2.pow(3) * rest(r2) +
                                            torch::sinh(r2) * s2.pow(3) * rest(s2)) -
                       2 * u.square() * kap) /
                      (2 * cube * torch::sqrt(u * (1 + u)));
  return torch::where(torch::maximum(r2, s2) >= 2, far, near);
}

Gradients gradients_of(const LogDomain& s, const Tensor& c) {
  const Tensor equal = s.log_u == -std::numeric_limits<double>::infinity();
  const Tensor tanh_half = torch::rsqrt(1 + torch::exp(-s.log_u));
  const Tensor radial = zero_where(equal, torch::exp(s.radial - s.log_u));
  const Tensor angular = zero_where(equal, torch::exp(s.angular - s.log_u));
  const Tensor density = zero_where(s.angle.sin2_half == 0, angular / s.angle.sin2_half);
  const Tensor pull = zero_where(s.delta == 0, radial / torch::tanh(s.delta));
  const auto side = [&](const Polar& self, const Polar& other, const Tensor& signed_pull,
                        const Tensor& across) {
    const Tensor twice = 2 * s.root_c * self.length;
    const Tensor outward = signed_pull + angular / torch::tanh(twice);
    const Tensor g = tanh_half * (2 * outward * self.direction - density / twice * across);
    return zero_where(equal, torch::where(self.is_zero, -2 * other.direction, g));
  };
  return {side(s.v, s.w, pull, s.angle.w_across_v), side(s.w, s.v, -pull, s.angle.v_across_w),
          zero_where(equal, by_curvature(s, c, tanh_half, radial, angular))};
}

LogDomain measure(const Tensor& v, const Tensor& w, const Tensor& c, int64_t dim) {
  const bool exact = v.scalar_type() != torch::kFloat64;
  const auto pair = torch::broadcast_tensors({v.to(torch::kFloat64), w.to(torch::kFloat64)});
  return {pair[0], pair[1], c, dim, exact};
}

Tensor forward(const Tensor& v, const Tensor& w, const Tensor& c, int64_t dim, torch::Dtype) {
  const LogDomain s = measure(v, w, c, dim);
  return (2 / s.root_c * asinh_exp(s.log_u / 2)).squeeze(dim);
}

PairGradients backward(const Tensor& grad, const Tensor& v, const Tensor& w, const Tensor& c,
                       int64_t dim, const PairMask& needed) {
  const Gradients unit = gradients_of(measure(v, w, c, dim), c);
  const Tensor g = grad.to(torch::kFloat64).unsqueeze(dim);
  PairGradients out;
  if (needed[0]) out.x = g * unit.v;
  if (needed[1]) out.y = g * unit.w;
  if (needed[2]) out.c = (g * unit.c).sum();
  return out;
}

}  // namespace

const PairEvaluation polar_dist_composite{&forward, &backward};

}  // namespace gyroseg::detail
