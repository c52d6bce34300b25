#include "manifolds/forms/lorentz_forms.h"

#include "manifolds/forms/radial.h"
#include "manifolds/lorentz_operators.h"

namespace gyroseg::detail {
namespace {

using torch::Tensor;

/// c|X-Y|_L^2/4 of points of which one is near the origin: by differences, or where the other is
/// far by the product of the two.
Tensor plain_u(const Operands& in, const LorentzPoint& x, const LorentzPoint& y, const Tensor& c) {
  const Tensor near = torch::max(x.square, y.square) < 1;
  const Tensor rise = in.dot(y.space - x.space, y.space + x.space) / (x.time + y.time);  // Y0 - X0
  const Tensor by_difference = c / 4 * (in.square(y.space - x.space) - rise.square());
  const Tensor by_product = (c * (x.time * y.time - in.dot(x.space, y.space)) - 1) / 2;
  return torch::where(near, by_difference, by_product);
}

}  // namespace

Tensor space_part(const char* op, const Operands& in, size_t argument) {
  const Tensor& t = in[argument];
  const int64_t n = t.size(in.dim());
  TORCH_CHECK_VALUE(n >= 2, op, ": the hyperboloid has at least 2 coordinates, got ", t.sizes());
  return t.narrow(in.dim(), 1, n - 1);
}

Tensor lifted(const Operands& in, const Tensor& space, const Tensor& c) {
  return at::cat({torch::sqrt(1 / c + in.square(space)), space}, in.dim());
}

LorentzPoint::LorentzPoint(const char* op, const Operands& in, size_t argument, const Tensor& c)
    : space(space_part(op, in, argument)),
      square(c * in.square(space)),
      time(torch::sqrt((1 + square) / c)),
      far(square > kNearOrigin * kNearOrigin),
      length(torch::sqrt(torch::where(far, square, 1.0))),
      direction(space * torch::sqrt(c) / length) {}

Tensor LorentzPoint::product(const Operands& in, const Tensor& us, const Tensor& vs,
                             const Tensor& c) const {
  const Tensor along_u = in.dot(direction, us), along_v = in.dot(direction, vs);
  const Tensor across = in.dot(us - along_u * direction, vs - along_v * direction);
  const Tensor plain = in.dot(us, vs) - c * in.dot(space, us) * in.dot(space, vs) / (1 + square);
  return torch::where(far, across + along_u * along_v / (1 + square), plain);
}

LorentzPoints::LorentzPoints(const char* op, const Operands& in, const Tensor& c)
    : x(op, in, 0, c),
      y(op, in, 1, c),
      both_far(x.far.logical_and(y.far)),
      turn(y.direction - x.direction) {
  const Tensor a = x.length, b = y.length;
  sinh_climb = c * in.dot(y.space - x.space, y.space + x.space) /
               (a * torch::sqrt(1 + y.square) + b * torch::sqrt(1 + x.square));
  // sinh^2(t/2) = sinh^2 t/(2 (cosh t + 1))
  const Tensor square = sinh_climb.square();
  const Tensor polar = square / (2 * (torch::sqrt(1 + square) + 1)) + a * b * in.square(turn) / 4;
  Tensor value;  // by the operator, whose angle is exact
  {
    const torch::NoGradGuard no_grad;
    const Tensor d = lorentz_dist(in[0], in[1], c, in.dim()).unsqueeze(in.dim());
    value = torch::sinh(torch::sqrt(c) * d / 2).square();
  }
  u = with_value(torch::where(both_far, polar, plain_u(in, x, y, c)), value);
}

Tensor LorentzPoints::length2() const { return 4 * u * asinh_ratio(u).square(); }

Tensor LorentzPoints::on_y(const Operands& in, const Tensor& vs, const Tensor& c) const {
  const Tensor rise = in.dot(y.space - x.space, y.space + x.space) / (x.time + y.time);
  const Tensor plain = in.dot(y.space - x.space - rise / x.time * x.space, vs);
  // Along the ray and across it: with vs = a xh + p, <Y,V>_L = <Ys,p> + a (<Ys,xh> - Y0|Xs|/X0).
  const Tensor along = in.dot(x.direction, vs), across = vs - along * x.direction;
  const Tensor reach = y.length * torch::rsqrt(c);  // |Ys|
  const Tensor polar = reach * in.dot(turn, across) +
                       along * (sinh_climb / (c * x.time) - reach * in.square(turn) / 2);
  return torch::where(both_far, polar, plain);
}

}  // namespace gyroseg::detail
