#include "manifolds/mobius.h"

#include "manifolds/argument_checks.h"
#include "manifolds/forms/operands.h"
#include "manifolds/forms/radial.h"
#include "manifolds/kernels/operator_arguments.h"
#include "manifolds/poincare_operators.h"

namespace gyroseg {
namespace {

using detail::checked_curvature;
using detail::Operands;
using torch::Tensor;

/// 2c { [be <p,w> + c|p|^2 <v,w>] u - [<p,w> - al <v,w>] p } / (al be + c|p|^2): gyr[u,v] w - w.
Tensor turn(const Operands& in, const Tensor& u, const Tensor& al, const Tensor& v,
            const Tensor& be, const Tensor& p, const Tensor& w, const Tensor& c) {
  const Tensor pp = in.square(p), pw = in.dot(p, w), vw = in.dot(v, w);
  return 2 * c * ((be * pw + c * pp * vw) * u - (pw - al * vw) * p) / (al * be + c * pp);
}

}  // namespace

Tensor mobius_scalar(const Tensor& r, const Tensor& x, const Curvature& c, int64_t dim) {
  detail::check_floating("mobius_scalar", "r", r);
  const Operands in("mobius_scalar", {{"x", x}}, dim);
  // float64 between the two maps: artanh of a float32 point is held to few digits of its gap.
  const Tensor scaled = in.scalars(r.to(torch::kFloat64)) * poincare_logmap0(in[0], c, in.dim());
  const Tensor value = poincare_expmap0(scaled, c, in.dim());
  return in.narrow(detail::held_inside(value, in.gap(value, c.tensor()), in.dtype()));
}

Tensor mobius_matrix(const Tensor& m, const Tensor& x, const Curvature& c, int64_t dim) {
  detail::check_floating("mobius_matrix", "m", m);
  const Operands in("mobius_matrix", {{"x", x}}, dim);
  TORCH_CHECK_VALUE(m.dim() == 2 && m.size(1) == x.size(in.dim()),
                    "mobius_matrix: m must be [E,D] with D = ", x.size(in.dim()), ", got ",
                    m.sizes());
  const Tensor log = poincare_logmap0(in[0], c, in.dim()).movedim(in.dim(), -1);
  const Tensor mapped = at::linear(log, m.to(torch::kFloat64)).movedim(-1, in.dim());
  const Tensor value = poincare_expmap0(mapped, c, in.dim());
  const auto type = at::promote_types(x.scalar_type(), m.scalar_type());
  return detail::held_inside(value, in.gap(value, c.tensor()), type).to(type);
}

Tensor gyration(const Tensor& u, const Tensor& v, const Tensor& w, const Curvature& curvature,
                int64_t dim) {
  const Operands in("gyration", {{"u", u}, {"v", v}, {"w", w}}, dim);
  const Tensor c = checked_curvature("gyration", curvature.tensor());
  const Tensor al = in.gap(in[0], c), be = in.gap(in[1], c);
  return in.narrow(in[2] + turn(in, in[0], al, in[1], be, in[0] + in[1], in[2], c));
}

Tensor poincare_lambda(const Tensor& x, const Curvature& c, int64_t dim) {
  const Operands in("poincare_lambda", {{"x", x}}, dim);
  return in.narrow(2 / in.gap(in[0], checked_curvature("poincare_lambda", c.tensor())));
}

Tensor poincare_rgrad(const Tensor& x, const Tensor& egrad, const Curvature& c, int64_t dim) {
  const Operands in("poincare_rgrad", {{"x", x}, {"egrad", egrad}}, dim);
  const Tensor al = in.gap(in[0], checked_curvature("poincare_rgrad", c.tensor()));
  return in.narrow(al.square() / 4 * in[1]);
}

Tensor poincare_expmap(const Tensor& x, const Tensor& w, const Curvature& curvature, int64_t dim) {
  const Operands in("poincare_expmap", {{"x", x}, {"w", w}}, dim);
  const Tensor c = checked_curvature("poincare_expmap", curvature.tensor());
  const Tensor al = in.gap(in[0], c);
  const Tensor half = in[1] / al;  // (lambda/2) w
  const Tensor q = c * in.square(half);
  const Tensor step = detail::tanh_ratio(q) * half, be = detail::sech_square(q);
  const Tensor sum = in[0] + step, ss = in.square(sum), denominator = al * be + c * ss;
  const Tensor point = (al * sum + c * ss * in[0]) / denominator;
  return in.narrow(detail::held_inside(point, al * be / denominator, in.dtype()));
}

Tensor poincare_logmap(const Tensor& x, const Tensor& y, const Curvature& curvature, int64_t dim) {
  const Operands in("poincare_logmap", {{"x", x}, {"y", y}}, dim);
  const Tensor c = checked_curvature("poincare_logmap", curvature.tensor());
  const Tensor al = in.gap(in[0], c), be = in.gap(in[1], c);
  const Tensor difference = in[1] - in[0], s = in.square(difference), u = c * s / (al * be);
  return in.narrow(detail::asinh_ratio(u) * (al * difference - c * s * in[0]) /
                   (be * torch::sqrt(1 + u)));
}

Tensor poincare_geodesic(const Tensor& t, const Tensor& x, const Tensor& y,
                         const Curvature& curvature, int64_t dim) {
  detail::check_floating("poincare_geodesic", "t", t);
  const Operands in("poincare_geodesic", {{"x", x}, {"y", y}}, dim);
  const Tensor c = checked_curvature("poincare_geodesic", curvature.tensor());
  const Tensor al = in.gap(in[0], c), be = in.gap(in[1], c),
               time = in.scalars(t.to(torch::kFloat64));
  const Tensor u = c * in.square(in[1] - in[0]) / (al * be);
  const Tensor length2 = 4 * u * detail::asinh_ratio(u).square();  // (sqrt(c) d)^2
  const Tensor a = detail::sinh_quotient(1 - time, length2) * 2 / al;
  const Tensor b = detail::sinh_quotient(time, length2) * 2 / be;
  // X0 sqrt(c) = lambda - 1 = (1 - al/2) lambda
  const Tensor height = a * (1 - al / 2) + b * (1 - be / 2);
  const Tensor point = (a * in[0] + b * in[1]) / (1 + height);
  return in.narrow(detail::held_inside(point, 2 / (1 + height), in.dtype()));
}

Tensor poincare_transport(const Tensor& x, const Tensor& y, const Tensor& w,
                          const Curvature& curvature, int64_t dim) {
  const Operands in("poincare_transport", {{"x", x}, {"y", y}, {"w", w}}, dim);
  const Tensor c = checked_curvature("poincare_transport", curvature.tensor());
  const Tensor al = in.gap(in[0], c), be = in.gap(in[1], c), difference = in[1] - in[0];
  return in.narrow(be / al * (in[2] + turn(in, in[1], be, -in[0], al, difference, in[2], c)));
}

}  // namespace gyroseg
