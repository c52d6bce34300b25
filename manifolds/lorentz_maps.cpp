#include "manifolds/lorentz_maps.h"

#include "manifolds/argument_checks.h"
#include "manifolds/forms/lorentz_forms.h"
#include "manifolds/forms/radial.h"
#include "manifolds/kernels/operator_arguments.h"

namespace gyroseg {
namespace {

using detail::checked_curvature;
using detail::LorentzPoint;
using detail::LorentzPoints;
using detail::Operands;
using detail::space_part;
using torch::Tensor;

/// [<Xs,Vs>/X0, Vs] in the dtype of the arguments.
Tensor tangent(const Operands& in, const LorentzPoint& x, const Tensor& space) {
  return in.narrow(at::cat({in.dot(x.space, space) / x.time, space}, in.dim()));
}

/// The orthogonal projection of [h0, hs].
Tensor projected(const Operands& in, const LorentzPoint& x, const Tensor& h0, const Tensor& hs,
                 const Tensor& c) {
  return tangent(in, x, hs + c * (in.dot(x.space, hs) - x.time * h0) * x.space);
}

}  // namespace

Tensor lorentz_lift(const Tensor& space, const Curvature& c, int64_t dim) {
  const Operands in("lorentz_lift", {{"space", space}}, dim);
  return in.narrow(detail::lifted(in, in[0], checked_curvature("lorentz_lift", c.tensor())));
}

Tensor lorentz_project_tangent(const Tensor& x, const Tensor& v, const Curvature& curvature,
                               int64_t dim) {
  const char* op = "lorentz_project_tangent";
  const Operands in(op, {{"x", x}, {"v", v}}, dim);
  const Tensor c = checked_curvature(op, curvature.tensor());
  return projected(in, LorentzPoint(op, in, 0, c), in[1].narrow(in.dim(), 0, 1),
                   space_part(op, in, 1), c);
}

Tensor lorentz_rgrad(const Tensor& x, const Tensor& egrad, const Curvature& curvature,
                     int64_t dim) {
  const char* op = "lorentz_rgrad";
  const Operands in(op, {{"x", x}, {"egrad", egrad}}, dim);
  const Tensor c = checked_curvature(op, curvature.tensor());
  return projected(in, LorentzPoint(op, in, 0, c), -in[1].narrow(in.dim(), 0, 1),
                   space_part(op, in, 1), c);
}

Tensor lorentz_inner(const Tensor& x, const Tensor& u, const Tensor& v, const Curvature& curvature,
                     int64_t dim) {
  const char* op = "lorentz_inner";
  const Operands in(op, {{"x", x}, {"u", u}, {"v", v}}, dim);
  const Tensor c = checked_curvature(op, curvature.tensor());
  const LorentzPoint p(op, in, 0, c);
  return in.narrow(p.product(in, space_part(op, in, 1), space_part(op, in, 2), c));
}

Tensor lorentz_expmap(const Tensor& x, const Tensor& v, const Curvature& curvature, int64_t dim) {
  const char* op = "lorentz_expmap";
  const Operands in(op, {{"x", x}, {"v", v}}, dim);
  const Tensor c = checked_curvature(op, curvature.tensor());
  const LorentzPoint p(op, in, 0, c);
  const Tensor vs = space_part(op, in, 1), q = c * p.product(in, vs, vs, c);
  const Tensor cosh = 1 + q / 2 * detail::sinh_ratio(q / 4).square();
  return in.narrow(detail::lifted(in, cosh * p.space + detail::sinh_ratio(q) * vs, c));
}

Tensor lorentz_logmap(const Tensor& x, const Tensor& y, const Curvature& curvature, int64_t dim) {
  const char* op = "lorentz_logmap";
  const Operands in(op, {{"x", x}, {"y", y}}, dim);
  const Tensor c = checked_curvature(op, curvature.tensor());
  const LorentzPoints p(op, in, c);
  const Tensor space = detail::asinh_ratio(p.u) / torch::sqrt(1 + p.u) *
                       (p.y.space - p.x.space - 2 * p.u * p.x.space);
  return tangent(in, p.x, space);
}

Tensor lorentz_sqdist(const Tensor& x, const Tensor& y, const Curvature& curvature, int64_t dim) {
  const char* op = "lorentz_sqdist";
  const Operands in(op, {{"x", x}, {"y", y}}, dim);
  const Tensor c = checked_curvature(op, curvature.tensor());
  return in.narrow((LorentzPoints(op, in, c).length2() / c).squeeze(in.dim()));
}

Tensor lorentz_geodesic(const Tensor& t, const Tensor& x, const Tensor& y,
                        const Curvature& curvature, int64_t dim) {
  const char* op = "lorentz_geodesic";
  detail::check_floating(op, "t", t);
  const Operands in(op, {{"x", x}, {"y", y}}, dim);
  const Tensor c = checked_curvature(op, curvature.tensor()),
               time = in.scalars(t.to(torch::kFloat64));
  const LorentzPoints p(op, in, c);
  const Tensor length2 = p.length2();
  const Tensor space = detail::sinh_quotient(1 - time, length2) * p.x.space +
                       detail::sinh_quotient(time, length2) * p.y.space;
  return in.narrow(detail::lifted(in, space, c));
}

Tensor lorentz_transport(const Tensor& x, const Tensor& y, const Tensor& v,
                         const Curvature& curvature, int64_t dim) {
  const char* op = "lorentz_transport";
  const Operands in(op, {{"x", x}, {"y", y}, {"v", v}}, dim);
  const Tensor c = checked_curvature(op, curvature.tensor());
  const LorentzPoints p(op, in, c);
  const Tensor vs = space_part(op, in, 2), pull = c * p.on_y(in, vs, c) / (2 * (1 + p.u));
  return tangent(in, p.y, vs + pull * (p.x.space + p.y.space));
}

}  // namespace gyroseg
