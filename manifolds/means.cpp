#include "manifolds/means.h"

#include <cmath>
#include <functional>

#include "manifolds/forms/operands.h"
#include "manifolds/forms/radial.h"
#include "manifolds/kernels/operator_arguments.h"
#include "manifolds/mobius.h"
#include "manifolds/models.h"
#include "manifolds/sphere.h"

namespace gyroseg {
namespace {

using detail::checked_curvature;
using detail::WeightedPoints;
using torch::Tensor;
using Weights = std::optional<torch::Tensor>;

/// The gyromidpoint [1,..,D] of points [n,..,D] with gaps al, seen from `base`; floor keeps the
/// root away from the rounding of its argument.
Tensor midpoint_from(const Tensor& base, const Tensor& x, const Tensor& al, const Tensor& weights,
                     const Tensor& c, double floor) {
  const detail::Operands in("midpoint", {{"x", x}, {"base", base}}, -1);
  const Tensor be = in.gap(base, c), difference = x - base;
  const Tensor s = in.square(difference), denominator = al * be + c * s;
  const Tensor seen = (be * difference - c * s * base) / denominator;  // -base (+) x
  const Tensor lambda = 2 * denominator / (al * be);
  const Tensor height = (weights * (lambda - 1)).sum(0, true);
  const Tensor chord = (weights * lambda * seen).sum(0, true) / height;
  const Tensor root = torch::sqrt((1 - c * in.square(chord)).clamp_min(floor));
  const Tensor mean = chord / (1 + root), gap = 2 * root / (1 + root);
  const Tensor sum = base + mean, ss = in.square(sum), scale = be * gap + c * ss;  // base (+) mean
  const Tensor point = (be * sum + c * ss * base) / scale;
  return detail::held_inside(point, be * gap / scale, torch::kFloat64);
}

/// Any origin gives the same midpoint, but 1 - c|chord|^2 loses e^(2R) digits at distance R from
/// it. Seen from itself the midpoint is right to rounding: two rough midpoints lead there from 0,
/// the first within 16 units for points as far out as float64 goes, the second to a few digits. No
/// gradient need flow through the choice.
Tensor gyromidpoint(const Tensor& x, const Tensor& weights, const Tensor& c) {
  constexpr double kRough = 1e-16;
  const detail::Operands in("midpoint", {{"x", x}}, -1);
  const Tensor al = in.gap(x, c);
  Tensor base = torch::zeros_like(x.narrow(0, 0, 1)).detach();
  {
    const torch::NoGradGuard no_grad;
    for (int i = 0; i < 2; ++i) base = midpoint_from(base, x, al, weights, c, kRough);
  }
  return midpoint_from(base, x, al, weights, c, 0).squeeze(0);
}

/// What a Frechet mean needs of its space, with coordinates last: log_m(x) and exp_m(v); the square
/// of |log| in units of the curvature radius; and D coth D as a function of it, the second
/// derivative of dist^2/2 across the geodesic (along it, 1).
struct Geometry {
  std::function<Tensor(const Tensor&, const Tensor&)> log, exp;
  std::function<Tensor(const Tensor&, const Tensor&)> length2;
  std::function<Tensor(const Tensor&)> across;
};

/// One Newton step and what it was made from; m [1,..,A].
struct NewtonStep {
  Tensor step, objective, hessian;

  NewtonStep(const Geometry& space, const Tensor& x, const Tensor& weights, const Tensor& m) {
    const Tensor log = space.log(m, x), q = space.length2(m, log), across = space.across(q);
    objective = (weights * q).sum(0, true);
    const Tensor length = at::linalg_vector_norm(log, 2, -1, true);
    const Tensor unit = log / torch::where(length == 0, 1.0, length);
    const Tensor eye = torch::eye(x.size(-1), x.options());
    const Tensor along = (weights * (1 - across) * unit).movedim(0, -1);  // [..,A,n]
    hessian = (weights * across).sum(0, true).unsqueeze(-1) * eye +
              at::matmul(along, unit.movedim(0, -2)).unsqueeze(0);
    step = solve((weights * log).sum(0, true));
  }

  [[nodiscard]] Tensor solve(const Tensor& v) const {
    return std::get<0>(at::linalg_solve_ex(hessian, v.unsqueeze(-1))).squeeze(-1);
  }
};

/// Newton's iteration converges in 4 to 8 steps; halving adds a few where points are far apart.
constexpr int kMostSteps = 60;

Tensor iterate(const Geometry& space, const Tensor& x, const Tensor& weights, Tensor m) {
  if (m.numel() == 0) return m;
  const torch::NoGradGuard no_grad;
  Tensor size = torch::ones_like(m.narrow(-1, 0, 1));
  NewtonStep now(space, x, weights, m);
  double before = INFINITY;
  for (int i = 0; i < kMostSteps; ++i) {
    // The longest step in units of the spread. Rounding sets a floor under it: stop where it no
    // longer shrinks.
    const Tensor spread = torch::sqrt(now.objective).clamp_min(1e-300);
    const double length = (torch::sqrt(space.length2(m, now.step)) / spread).max().item<double>();
    if (!(length > 1e-16) || (length < 1e-6 && length > before / 2)) break;
    before = length;
    const Tensor next = space.exp(m, size * now.step);
    const NewtonStep there(space, x, weights, next);
    const Tensor better = there.objective <= now.objective * (1 + 1e-12);
    m = torch::where(better, next, m);
    size = torch::where(better, (2 * size).clamp_max(1), size / 2);
    now = NewtonStep(space, x, weights, m);
  }
  return m;
}

/// At the solution m the sum of w log_m(x) is 0, so the derivative of one more Newton step with m
/// and the Hessian held fixed is that of the mean, by the implicit function theorem.
Tensor frechet(const Geometry& space, const Tensor& x, const Tensor& weights, const Tensor& start) {
  const Tensor m = iterate(space, x.detach(), weights.detach(), start.detach().unsqueeze(0));
  const auto solution = [&] {
    const torch::NoGradGuard no_grad;
    return NewtonStep(space, x.detach(), weights.detach(), m);
  }();
  const Tensor step = solution.solve((weights * space.log(m, x)).sum(0, true));
  return detail::with_value(m + step, m).squeeze(0);
}

Tensor ball_frechet(const Tensor& x, const Tensor& weights, const Curvature& curvature) {
  const Tensor c = checked_curvature("frechet_mean", curvature.tensor());
  const Geometry ball{
      [&](const Tensor& m, const Tensor& y) { return poincare_logmap(m, y, curvature); },
      [&](const Tensor& m, const Tensor& v) { return poincare_expmap(m, v, curvature); },
      [&](const Tensor& m, const Tensor& v) {
        return c * (poincare_lambda(m, curvature) * v).square().sum(-1, true);
      },
      [](const Tensor& q) { return 1 / detail::tanh_ratio(q); }};
  return frechet(ball, x, weights, gyromidpoint(x.detach(), weights.detach(), c.detach()));
}

/// A mean in the ball, held inside it in the dtype of the points.
Tensor held(const Tensor& mean, const Curvature& c, torch::Dtype dtype) {
  const detail::Operands in("mean", {{"x", mean}}, -1);
  return detail::held_inside(mean, in.gap(mean, c.tensor()), dtype);
}

Tensor normalised(const Tensor& x) { return x / at::linalg_vector_norm(x, 2, -1, true); }

}  // namespace

Tensor poincare_midpoint(const Tensor& x, const Weights& weights, const Curvature& c, int64_t along,
                         int64_t dim) {
  const WeightedPoints points("poincare_midpoint", x, weights, along, dim);
  const Tensor value = checked_curvature("poincare_midpoint", c.tensor());
  return points.restore(held(gyromidpoint(points.x, points.weights, value), c, x.scalar_type()));
}

Tensor lorentz_centroid(const Tensor& x, const Weights& weights, const Curvature& c, int64_t along,
                        int64_t dim) {
  const WeightedPoints points("lorentz_centroid", x, weights, along, dim);
  const Tensor value = checked_curvature("lorentz_centroid", c.tensor());
  const Tensor mean = gyromidpoint(lorentz_to_ball(points.x, c), points.weights, value);
  return points.restore(ball_to_lorentz(mean, c));
}

Tensor poincare_frechet_mean(const Tensor& x, const Weights& weights, const Curvature& c,
                             int64_t along, int64_t dim) {
  const WeightedPoints points("poincare_frechet_mean", x, weights, along, dim);
  return points.restore(held(ball_frechet(points.x, points.weights, c), c, x.scalar_type()));
}

Tensor lorentz_frechet_mean(const Tensor& x, const Weights& weights, const Curvature& c,
                            int64_t along, int64_t dim) {
  const WeightedPoints points("lorentz_frechet_mean", x, weights, along, dim);
  const Tensor mean = ball_frechet(lorentz_to_ball(points.x, c), points.weights, c);
  return points.restore(ball_to_lorentz(mean, c));
}

Tensor sphere_midpoint(const Tensor& x, const Weights& weights, int64_t along, int64_t dim) {
  const WeightedPoints points("sphere_midpoint", x, weights, along, dim);
  return points.restore(normalised((points.weights * points.x).sum(0)));
}

Tensor sphere_frechet_mean(const Tensor& x, const Weights& weights, int64_t along, int64_t dim) {
  const WeightedPoints points("sphere_frechet_mean", x, weights, along, dim);
  const Sphere sphere;
  const Geometry geometry{
      [&](const Tensor& m, const Tensor& y) { return sphere.logmap(m, y); },
      [&](const Tensor& m, const Tensor& v) { return sphere.expmap(m, v); },
      [](const Tensor&, const Tensor& v) { return v.square().sum(-1, true); },
      [](const Tensor& q) { return torch::cos(torch::sqrt(q)) / detail::sin_ratio(q); }};
  const Tensor start = normalised((points.weights * points.x).sum(0));
  return points.restore(frechet(geometry, points.x, points.weights, start));
}

}  // namespace gyroseg
