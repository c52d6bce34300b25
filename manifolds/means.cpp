#include "manifolds/means.h"

#include <cmath>
#include <functional>

#include "manifolds/forms/operands.h"
#include "manifolds/forms/radial.h"
#include "manifolds/kernels/operator_arguments.h"
#include "manifolds/mobius.h"
#include "manifolds/models.h"

namespace gyroseg {
namespace {

using detail::checked_curvature;
using detail::WeightedPoints;
using torch::Tensor;
using Weights = std::optional<torch::Tensor>;

/// Points [n,..,D] and their midpoint [..,D], seen from the point of largest weight.
Tensor gyromidpoint(const Tensor& x, const Tensor& weights, const Tensor& c) {
  // Any origin gives the same midpoint, so its gradient need not flow through the choice.
  const Tensor index = weights.detach().argmax(0, true);
  const Tensor base = x.detach().gather(0, index.expand_as(x.narrow(0, 0, 1)));
  const detail::Operands in("gyromidpoint", {{"x", x}, {"base", base}}, -1);
  const Tensor al = in.gap(x, c), be = in.gap(base, c), difference = x - base;
  const Tensor s = in.square(difference), denominator = al * be + c * s;
  const Tensor seen = (be * difference - c * s * base) / denominator;  // -base (+) x
  const Tensor lambda = 2 * denominator / (al * be);
  const Tensor height = (weights * (lambda - 1)).sum(0, true);
  const Tensor chord = (weights * lambda * seen).sum(0, true) / height;
  const Tensor root = torch::sqrt(in.gap(chord, c)), mean = chord / (1 + root);
  const Tensor gap = 2 * root / (1 + root);
  const Tensor sum = base + mean, ss = in.square(sum), scale = be * gap + c * ss;  // base (+) mean
  const Tensor point = (be * sum + c * ss * base) / scale;
  return detail::held_inside(point, be * gap / scale, torch::kFloat64).squeeze(0);
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
    const Tensor outer = unit.unsqueeze(-1) * unit.unsqueeze(-2);
    const Tensor eye = torch::eye(x.size(-1), x.options());
    hessian =
        ((weights * across).unsqueeze(-1) * eye + (weights * (1 - across)).unsqueeze(-1) * outer)
            .sum(0, true);
    step = solve((weights * log).sum(0, true));
  }

  [[nodiscard]] Tensor solve(const Tensor& v) const {
    return std::get<0>(at::linalg_solve_ex(hessian, v.unsqueeze(-1))).squeeze(-1);
  }
};

/// Newton's iteration converges in 4 to 8 steps; halving adds a few where points are far apart.
constexpr int kMostSteps = 60;

Tensor iterate(const Geometry& space, const Tensor& x, const Tensor& weights, Tensor m) {
  const torch::NoGradGuard no_grad;
  Tensor size = torch::ones_like(m.narrow(-1, 0, 1));
  NewtonStep now(space, x, weights, m);
  double before = INFINITY;
  for (int i = 0; i < kMostSteps; ++i) {
    const double length = torch::sqrt(space.length2(m, now.step)).max().item<double>();
    // Rounding sets a floor under the steps: stop where they no longer shrink.
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

/// At the solution m the sum of w log_m(x) is 0, so the derivative of one more Newton step with m and
/// the Hessian held fixed is that of the mean, by the implicit function theorem.
Tensor frechet(const Geometry& space, const Tensor& x, const Tensor& weights, const Tensor& start) {
  const Tensor m = iterate(space, x.detach(), weights.detach(), start.detach().unsqueeze(0));
  const auto solution = [&] {
    const torch::NoGradGuard no_grad;
    return NewtonStep(space, x.detach(), weights.detach(), m);
  }();
  const Tensor step = solution.solve((weights * space.log(m, x)).sum(0, true));
  return detail::with_value(m + step, m).squeeze(0);
}

}  // namespace

Tensor poincare_midpoint(const Tensor& x, const Weights& weights, const Curvature& curvature,
                         int64_t along, int64_t dim) {
  const WeightedPoints points("poincare_midpoint", x, weights, along, dim);
  const Tensor c = checked_curvature("poincare_midpoint", curvature.tensor());
  const Tensor mean = gyromidpoint(points.x, points.weights, c);
  const detail::Operands in("poincare_midpoint", {{"x", mean}}, -1);
  return points.restore(detail::held_inside(mean, in.gap(mean, c), x.scalar_type()));
}

Tensor lorentz_centroid(const Tensor& x, const Weights& weights, const Curvature& c, int64_t along,
                        int64_t dim) {
  const WeightedPoints points("lorentz_centroid", x, weights, along, dim);
  const Tensor ball = lorentz_to_ball(points.x, c);
  const Tensor mean =
      gyromidpoint(ball, points.weights, checked_curvature("lorentz_centroid", c.tensor()));
  return points.restore(ball_to_lorentz(mean, c));
}

Tensor poincare_frechet_mean(const Tensor& x, const Weights& weights, const Curvature& curvature,
                             int64_t along, int64_t dim) {
  const WeightedPoints points("poincare_frechet_mean", x, weights, along, dim);
  const Tensor c = checked_curvature("poincare_frechet_mean", curvature.tensor());
  const Geometry ball{
      [&](const Tensor& m, const Tensor& y) { return poincare_logmap(m, y, curvature); },
      [&](const Tensor& m, const Tensor& v) { return poincare_expmap(m, v, curvature); },
      [&](const Tensor& m, const Tensor& v) {
        return c * (poincare_lambda(m, curvature) * v).square().sum(-1, true);
      },
      [](const Tensor& q) { return 1 / detail::tanh_ratio(q); }};
  const Tensor start = gyromidpoint(points.x.detach(), points.weights.detach(), c.detach());
  const Tensor mean = frechet(ball, points.x, points.weights, start);
  const detail::Operands in("poincare_frechet_mean", {{"x", mean}}, -1);
  return points.restore(detail::held_inside(mean, in.gap(mean, c), x.scalar_type()));
}

}  // namespace gyroseg
