#include <torch/types.h>

#include <cmath>
#include <limits>

#include "manifolds/polar_dist_kernels.h"
#include "manifolds/stable_math.h"

namespace gyroseg::detail {
namespace {

using torch::Tensor;

/// Lengths and directions; a zero vector has direction 0.
struct Polar {
  Tensor length, is_zero, safe_length, direction;

  Polar(const Tensor& v, int64_t dim)
      : length(at::linalg_vector_norm(v, 2, dim, /*keepdim=*/true)),
        is_zero(length == 0),
        safe_length(torch::where(is_zero, 1.0, length)),
        direction(v / safe_length) {}
};

/// Angle between v and w: sin^2(angle/2), and the parts of each direction across the other.
struct Angle {
  Tensor sin2_half, v_across_w, w_across_v;
};

/// The wedge of v and w by the pivot w_j of largest magnitude is exact, so parallel vectors give
/// exactly 0 and neighbours keep all digits. Beyond a right angle nothing cancels and the cosine
/// itself serves.
Angle angle_between(const Tensor& v, const Polar& pv, const Tensor& w, const Polar& pw, int64_t dim,
                    bool exact_products) {
  const auto dot = [dim](const Tensor& a, const Tensor& b) { return (a * b).sum(dim, true); };
  const Tensor cosine = dot(pv.direction, pw.direction);
  const Tensor blunt = cosine <= 0;
  const Tensor pivot = w.abs().argmax(dim, true);
  const Tensor wj = w.gather(dim, pivot), vj = v.gather(dim, pivot);
  const Tensor wedge =
      difference_of_products(v, wj, vj, w, exact_products) / torch::where(wj == 0, 1.0, wj);
  const Tensor across = wedge - dot(wedge, pw.direction) * pw.direction;
  Angle angle;
  angle.sin2_half = torch::where(
      blunt, (1 - cosine) / 2, dot(across, across) / (2 * pv.safe_length.square() * (1 + cosine)));
  angle.v_across_w =
      torch::where(blunt, pv.direction - cosine * pw.direction, across / pv.safe_length);
  // wh - ct vh = |tw|^2 wh - ct tw with tw = vh - ct wh: the exact part serves both directions.
  angle.w_across_v =
      dot(angle.v_across_w, angle.v_across_w) * pw.direction - cosine * angle.v_across_w;
  return angle;
}

/// dd/dv and dd/dw of section C; u = e^(log_u), P and Q its radial and angular shares.
struct Gradients {
  Tensor v, w;
};

struct LogDomain {
  Tensor delta, radial, angular, log_u;
};

Gradients gradients_of(const Polar& pv, const Polar& pw, const Angle& angle, const LogDomain& s,
                       double root_c) {
  const auto zero_where = [](const Tensor& mask, const Tensor& x) {
    return torch::where(mask, 0.0, x);
  };
  const Tensor equal = s.log_u == -std::numeric_limits<double>::infinity();
  const Tensor tanh_half = torch::rsqrt(1 + torch::exp(-s.log_u));
  const Tensor radial = torch::exp(s.radial - s.log_u);
  const Tensor angular = torch::exp(s.angular - s.log_u);
  const Tensor density = zero_where(angle.sin2_half == 0, angular / angle.sin2_half);
  const Tensor pull = zero_where(s.delta == 0, radial / torch::tanh(s.delta));
  const auto side = [&](const Polar& self, const Polar& other, const Tensor& signed_pull,
                        const Tensor& across) {
    const Tensor twice = 2 * root_c * self.length;
    const Tensor outward = signed_pull + angular / torch::tanh(twice);
    const Tensor g = tanh_half * (2 * outward * self.direction - density / twice * across);
    return zero_where(equal, torch::where(self.is_zero, -2 * other.direction, g));
  };
  return {side(pv, pw, pull, angle.w_across_v), side(pw, pv, -pull, angle.v_across_w)};
}

}  // namespace

PolarDistance polar_dist_composite(const Tensor& v_in, const Tensor& w_in, double c, int64_t dim,
                                   bool with_gradients) {
  const bool exact = v_in.scalar_type() != torch::kFloat64 && w_in.scalar_type() != torch::kFloat64;
  const auto pair = torch::broadcast_tensors({v_in.to(torch::kFloat64), w_in.to(torch::kFloat64)});
  const Tensor &v = pair[0], &w = pair[1];
  const double root_c = std::sqrt(c);
  const Polar pv(v, dim), pw(w, dim);
  const Angle angle = angle_between(v, pv, w, pw, dim, exact);

  LogDomain s;
  const Tensor both = torch::where(pv.is_zero & pw.is_zero, 1.0, pv.length + pw.length);
  s.delta = root_c * ((v - w) * (v + w)).sum(dim, true) / both;
  s.radial = 2 * log_sinh(s.delta.abs());
  s.angular = log_sinh(2 * root_c * pv.length) + log_sinh(2 * root_c * pw.length) +
              torch::log(angle.sin2_half);
  s.log_u = torch::logaddexp(s.radial, s.angular);

  PolarDistance result;
  result.distance = (2 / root_c) * asinh_exp(s.log_u / 2).squeeze(dim);
  if (with_gradients) {
    const Gradients gradients = gradients_of(pv, pw, angle, s, root_c);
    result.by_v = gradients.v;
    result.by_w = gradients.w;
  }
  return result;
}

}  // namespace gyroseg::detail
