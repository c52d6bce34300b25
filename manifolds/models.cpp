#include "manifolds/models.h"

#include "manifolds/forms/operands.h"
#include "manifolds/kernels/operator_arguments.h"

namespace gyroseg {
namespace {

using detail::checked_curvature;
using detail::Operands;
using torch::Tensor;

/// [X0, Xs] of a hyperboloid point.
struct HyperboloidPoint {
  Tensor time, space;

  HyperboloidPoint(const char* op, const Operands& in) {
    const int64_t n = in[0].size(in.dim());
    TORCH_CHECK_VALUE(n >= 2, op, ": a point of the hyperboloid has at least 2 coordinates, got ",
                      in[0].sizes());
    time = in[0].narrow(in.dim(), 0, 1);
    space = in[0].narrow(in.dim(), 1, n - 1);
  }
};

}  // namespace

Tensor ball_to_lorentz(const Tensor& x, const Curvature& curvature, int64_t dim) {
  const Operands in("ball_to_lorentz", {{"x", x}}, dim);
  const Tensor c = checked_curvature("ball_to_lorentz", curvature.tensor());
  const Tensor al = in.gap(in[0], c);
  return in.narrow(at::cat({(2 - al) / al * torch::rsqrt(c), 2 / al * in[0]}, in.dim()));
}

Tensor lorentz_to_ball(const Tensor& x, const Curvature& curvature, int64_t dim) {
  const Operands in("lorentz_to_ball", {{"x", x}}, dim);
  const Tensor c = checked_curvature("lorentz_to_ball", curvature.tensor());
  const HyperboloidPoint p("lorentz_to_ball", in);
  const Tensor scale = 1 + torch::sqrt(c) * p.time;
  return in.narrow(detail::held_inside(p.space / scale, 2 / scale, in.dtype()));
}

Tensor ball_to_klein(const Tensor& x, const Curvature& curvature, int64_t dim) {
  const Operands in("ball_to_klein", {{"x", x}}, dim);
  const Tensor c = checked_curvature("ball_to_klein", curvature.tensor());
  const Tensor al = in.gap(in[0], c);
  // 1 + c|x|^2 = 2 - al; the gap of k is (al/(2 - al))^2.
  return in.narrow(detail::held_inside(2 * in[0] / (2 - al), (al / (2 - al)).square(), in.dtype()));
}

Tensor klein_to_ball(const Tensor& k, const Curvature& curvature, int64_t dim) {
  const Operands in("klein_to_ball", {{"k", k}}, dim);
  const Tensor c = checked_curvature("klein_to_ball", curvature.tensor());
  return in.narrow(in[0] / (1 + torch::sqrt(in.gap(in[0], c))));
}

Tensor lorentz_to_klein(const Tensor& x, const Curvature& curvature, int64_t dim) {
  const Operands in("lorentz_to_klein", {{"x", x}}, dim);
  const Tensor c = checked_curvature("lorentz_to_klein", curvature.tensor());
  const HyperboloidPoint p("lorentz_to_klein", in);
  const Tensor scale = torch::sqrt(c) * p.time;
  return in.narrow(detail::held_inside(p.space / scale, scale.square().reciprocal(), in.dtype()));
}

Tensor klein_to_lorentz(const Tensor& k, const Curvature& curvature, int64_t dim) {
  const Operands in("klein_to_lorentz", {{"k", k}}, dim);
  const Tensor c = checked_curvature("klein_to_lorentz", curvature.tensor());
  const Tensor scale = torch::rsqrt(in.gap(in[0], c));  // sqrt(c) X0
  return in.narrow(at::cat({scale * torch::rsqrt(c), scale * in[0]}, in.dim()));
}

}  // namespace gyroseg
