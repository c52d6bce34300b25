#include "manifolds/horo_pca.h"

#include <torch/csrc/autograd/autograd.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

#include "manifolds/argument_checks.h"
#include "manifolds/manifold.h"
#include "manifolds/poincare_operators.h"
#include "manifolds/tangent_pca.h"

namespace gyroseg {
namespace {

using torch::Tensor;
using Objective = std::function<Tensor(const Tensor& direction)>;

constexpr const char* kHoroPca = "horo_pca";

// Points of the ball of curvature -1, seen from the base at the origin, on the hyperboloid.
struct SeenFromBase {
  Tensor ball;       ///< [N,D]
  Tensor time;       ///< [N] cosh r
  Tensor space;      ///< [N,D] sinh r times the direction
  Tensor sine;       ///< [N] sinh r
  Tensor direction;  ///< [N,D] of length 1, 0 at the base
  Tensor inverse;    ///< [N] e^-r
};

SeenFromBase seen_from(const Tensor& base, const Tensor& x, double c) {
  const Tensor moved = poincare_mobius_add(-base.unsqueeze(0), x.to(torch::kFloat64), c);
  SeenFromBase seen;
  seen.ball = std::sqrt(c) * moved;
  const Tensor norm = at::linalg_vector_norm(seen.ball, 2, -1);
  const Tensor gap = (1 - norm) * (1 + norm);
  seen.time = (1 + norm * norm) / gap;
  seen.sine = 2 * norm / gap;
  seen.space = 2 * seen.ball / gap.unsqueeze(1);
  seen.direction = seen.ball / torch::where(norm > 0, norm, torch::ones_like(norm)).unsqueeze(1);
  seen.inverse = (1 - norm) / (1 + norm);
  return seen;
}

// log(cosh r - sinh r <y, q>), without the cancellation where y is near q.
Tensor busemann(const SeenFromBase& x, const Tensor& q) {
  return torch::log(x.inverse + x.sine * (x.direction - q).square().sum(-1) / 2);
}

// Which of the two points of the disc with given Busemann coordinates.
enum class Side {
  base,  ///< the one on the base's side of the geodesic from q1 to q2: continuous, no distance grows
  own    ///< the one on the side of the point itself: the identity on the disc
};

// The points of span(q1, q2) with the same Busemann coordinates, [N,2] in the disc of curvature -1.
// On the hyperboloid with coordinates a1, a2 along the q and p across them: all three of X0, a1, a2
// grow by the same shift; t = a1 + a2 - X0 is the sinh of the signed distance from the plane that
// holds the geodesic q1 q2 and is orthogonal to the disc, and becomes +-sqrt(t^2 + p^2).
Tensor horospherical(const SeenFromBase& x, const Tensor& q1, const Tensor& q2, Side side) {
  const Tensor a1 = x.space.matmul(q1), a2 = x.space.matmul(q2);
  const Tensor off = x.space - a1.unsqueeze(1) * q1 - a2.unsqueeze(1) * q2;
  const Tensor p = off.square().sum(-1);
  const Tensor t = a1 + a2 - x.time;
  const Tensor is_off = p > 0;
  const Tensor p_safe = torch::where(is_off, p, torch::ones_like(p));
  const Tensor size = torch::where(is_off, p_safe / ((t * t + p_safe).sqrt() + t.abs()), 0.0);
  Tensor shift = torch::where(t > 0, size, -size);
  if (side == Side::base) {
    shift = torch::where(t > 0, shift - 2 * (t + shift), shift);
  }
  return torch::stack({a1 + shift, a2 + shift}, 1) / (1 + x.time + shift).unsqueeze(1);
}

Tensor mean_square_distance(const Tensor& ball) {
  return poincare_cdist(ball, ball, 1.0).square().mean();
}

double kept(const Tensor& ball, const Tensor& disc) {
  const Tensor before = poincare_cdist(ball, ball, 1.0);
  const double whole = before.square().sum().item<double>();
  const Tensor after = at::minimum(poincare_cdist(disc, disc, 1.0), before);
  return whole > 0 ? after.square().sum().item<double>() / whole : 1;
}

Tensor unit(const Tensor& v) { return v / at::linalg_vector_norm(v, 2); }

Tensor across(const Tensor& v, const Tensor& normal) {
  return normal.defined() ? v - v.dot(normal) * normal : v;
}

struct Optimum {
  Tensor direction;
  double value = -1;
};

Tensor gradient_of(const Objective& objective, const Tensor& at) {
  const torch::AutoGradMode with_grad(true);
  const Tensor q = at.detach().clone().requires_grad_(true);
  return torch::autograd::grad({objective(q)}, {q})[0];
}

// Conjugate gradient ascent (Polak-Ribiere, restarted where it would not ascend) on the unit sphere
// orthogonal to `normal` (undefined: the whole); each step as long as the last one that grew the
// objective, doubled.
Optimum ascend(const Objective& objective, const Tensor& start, const Tensor& normal,
               std::int64_t steps) {
  constexpr double kSufficient = 1e-4;  // of the linear gain (Armijo)
  constexpr int kHalvings = 40;
  constexpr double kConverged = 1e-13;  // relative gain of a step
  Optimum best{start, objective(start).item<double>()};
  Tensor last_gradient, heading;
  double length = 0.1;
  for (std::int64_t step = 0; step < steps; ++step) {
    const auto tangent = [&](const Tensor& v) { return across(across(v, best.direction), normal); };
    const Tensor g = tangent(gradient_of(objective, best.direction));
    if (last_gradient.defined()) {
      const Tensor change = g - tangent(last_gradient);
      const double beta = (g.dot(change) / last_gradient.square().sum()).item<double>();
      heading = g + std::max(0.0, beta) * tangent(heading);
    }
    if (!last_gradient.defined() || heading.dot(g).item<double>() <= 0) {
      heading = g;
    }
    last_gradient = g;
    const double norm = at::linalg_vector_norm(heading, 2).item<double>();
    if (!(norm > 0)) {
      break;
    }
    const double slope = heading.dot(g).item<double>() / norm;
    double gain = 0;
    for (int i = 0; i < kHalvings; ++i, length /= 2) {
      const Tensor next = unit(across(best.direction + (length / norm) * heading, normal));
      const double value = objective(next).item<double>();
      if (value - best.value > kSufficient * length * slope) {
        gain = value - best.value;
        best = {next, value};
        break;
      }
    }
    if (gain <= kConverged * best.value) {
      break;
    }
    length = std::min(2 * length, 1.0);
  }
  return best;
}

Tensor best_direction(const Objective& objective, const Tensor& axes, const Tensor& normal,
                      std::int64_t steps) {
  constexpr double kParallel = 1e-6;  // an axis along `normal` is no start
  Optimum best;
  for (const Tensor& axis : axes.unbind(0)) {
    const Tensor start = across(axis, normal);
    if (at::linalg_vector_norm(start, 2).item<double>() < kParallel) {
      continue;
    }
    for (const double sense : {1.0, -1.0}) {
      const Optimum found = ascend(objective, sense * unit(start), normal, steps);
      // Of equals, as in symmetric sets, the first: rounding must not decide.
      if (found.value > best.value * (1 + 1e-9) || !best.direction.defined()) {
        best = found;
      }
    }
  }
  return best.direction;
}

Tensor spread_rows(const Tensor& x, std::int64_t most) {
  if (x.size(0) <= most) {
    return x;
  }
  return x.index_select(0, (torch::arange(most, torch::kInt64) * x.size(0)).div(most, "floor"));
}

void check_arguments(const Tensor& x, double c, const HoroPcaOptions& options) {
  detail::check_floating(kHoroPca, "x", x);
  detail::check_curvature(kHoroPca, c);
  TORCH_CHECK_VALUE(x.dim() == 2 && x.size(0) > 0 && x.size(1) >= 2, kHoroPca,
                    ": x must be [N,D] with N > 0 and D >= 2, got ", x.sizes());
  TORCH_CHECK_VALUE(!options.base || (options.base->dim() == 1 && options.base->size(0) == x.size(1)),
                    kHoroPca, ": base must be [", x.size(1), "]");
  TORCH_CHECK_VALUE(options.fit_points >= 1 && options.steps >= 1, kHoroPca,
                    ": fit_points and steps must be at least 1, got ", options.fit_points, " and ",
                    options.steps);
}

}  // namespace

HoroPca horo_pca(const Tensor& x, double c, const HoroPcaOptions& options) {
  check_arguments(x, c, options);
  const torch::NoGradGuard no_grad;
  constexpr std::int64_t kStarts = 3;  // axes of tangent PCA
  const auto space = make_manifold("poincare", 1.0);
  const Tensor wide = x.to(torch::kFloat64);
  HoroPca pca;
  pca.base = options.base ? options.base->to(torch::kFloat64)
                          : make_manifold("poincare", c)->frechet_mean(wide);
  const SeenFromBase seen = seen_from(pca.base, spread_rows(wide, options.fit_points), c);
  const Tensor axes = tangent_pca(*space, seen.ball, std::min(kStarts, x.size(1)),
                                  torch::zeros_like(seen.ball[0]))
                          .axes;
  const Tensor q1 = best_direction(
      // Projected to one geodesic, two points are as far apart as their Busemann coordinates.
      [&](const Tensor& q) { return 2 * busemann(seen, q).var(/*unbiased=*/false); }, axes, {},
      options.steps);
  const Tensor q2 = best_direction(
      [&](const Tensor& q) { return mean_square_distance(horospherical(seen, q1, q, Side::base)); }, axes, q1,
      options.steps);
  pca.directions = torch::stack({q1, q2});
  pca.explained = kept(seen.ball, horospherical(seen, q1, q2, Side::own));
  return pca;
}

Tensor horo_project(const HoroPca& pca, const Tensor& x, double c) {
  check_arguments(x, c, {.base = pca.base});
  const torch::NoGradGuard no_grad;
  const SeenFromBase seen = seen_from(pca.base, x, c);
  return horospherical(seen, pca.directions[0], pca.directions[1], Side::own) / std::sqrt(c);
}

}  // namespace gyroseg
