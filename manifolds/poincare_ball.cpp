#include "manifolds/poincare_ball.h"

#include "manifolds/forms/operands.h"
#include "manifolds/kernels/operator_arguments.h"
#include "manifolds/means.h"
#include "manifolds/mobius.h"
#include "manifolds/poincare_operators.h"
#include "manifolds/polar_dist.h"
#include "manifolds/polar_mlr.h"
#include "manifolds/stable_math.h"

namespace gyroseg {

using detail::Operands;
using torch::Tensor;

Tensor PoincareBall::tangent_dist(const Tensor& v, const Tensor& w, int64_t dim) const {
  return polar_dist(v, w, c_, dim);
}

Tensor PoincareBall::logits(const Tensor& v, const Tensor& normals, const Tensor& offsets,
                            int64_t dim) const {
  return polar_mlr(v, normals, offsets, c_, dim);
}

Tensor PoincareBall::embed(const Tensor& v, int64_t dim) const {
  return poincare_expmap0(v, c_, dim);
}

Tensor PoincareBall::unembed(const Tensor& x, int64_t dim) const {
  return poincare_logmap0(x, c_, dim);
}

Tensor PoincareBall::origin(int64_t coordinates, const torch::TensorOptions& options) const {
  return torch::zeros({coordinates}, options);
}

Projection PoincareBall::project(const Tensor& x, int64_t dim) const {
  const Operands in("PoincareBall::project", {{"x", x}}, dim);
  const Tensor c = detail::checked_curvature("PoincareBall::project", c_.tensor());
  const double largest = detail::largest_norm(in.dtype());
  const Tensor length = torch::sqrt(c) * at::linalg_vector_norm(in[0], 2, in.dim(), true);
  // Half way to the rim: a moved point, rounded to its dtype, is never moved again.
  const Tensor outside = length > (1 + largest) / 2;
  const Tensor factor = torch::where(outside, largest / length, 1.0);
  return {torch::where(outside, in.narrow(factor * in[0]), x), outside.sum()};
}

Tensor PoincareBall::project_tangent(const Tensor& x, const Tensor& v, int64_t dim) const {
  const Operands in("PoincareBall::project_tangent", {{"x", x}, {"v", v}}, dim);
  return in.narrow(v.expand(at::infer_size(x.sizes(), v.sizes())));
}

Tensor PoincareBall::inner(const Tensor& x, const Tensor& u, const Tensor& v, int64_t dim) const {
  const Operands in("PoincareBall::inner", {{"x", x}, {"u", u}, {"v", v}}, dim);
  const Tensor al = in.gap(in[0], detail::checked_curvature("PoincareBall::inner", c_.tensor()));
  return in.narrow(in.dot(2 / al * in[1], 2 / al * in[2]));
}

Tensor PoincareBall::rgrad(const Tensor& x, const Tensor& egrad, int64_t dim) const {
  return poincare_rgrad(x, egrad, c_, dim);
}

Tensor PoincareBall::expmap(const Tensor& x, const Tensor& v, int64_t dim) const {
  return poincare_expmap(x, v, c_, dim);
}

Tensor PoincareBall::logmap(const Tensor& x, const Tensor& y, int64_t dim) const {
  return poincare_logmap(x, y, c_, dim);
}

Tensor PoincareBall::dist(const Tensor& x, const Tensor& y, int64_t dim) const {
  return poincare_dist(x, y, c_, dim);
}

Tensor PoincareBall::sqdist(const Tensor& x, const Tensor& y, int64_t dim) const {
  return poincare_sqdist(x, y, c_, dim);
}

Tensor PoincareBall::cdist(const Tensor& x, const Tensor& y) const {
  return poincare_cdist(x, y, c_);
}

Tensor PoincareBall::geodesic(const Tensor& t, const Tensor& x, const Tensor& y,
                              int64_t dim) const {
  return poincare_geodesic(t, x, y, c_, dim);
}

Tensor PoincareBall::transport(const Tensor& x, const Tensor& y, const Tensor& v,
                               int64_t dim) const {
  return poincare_transport(x, y, v, c_, dim);
}

Tensor PoincareBall::transport0(const Tensor& y, const Tensor& v, int64_t dim) const {
  const Operands in("PoincareBall::transport0", {{"y", y}, {"v", v}}, dim);
  const Tensor c = detail::checked_curvature("PoincareBall::transport0", c_.tensor());
  return in.narrow(in.gap(in[0], c) * in[1]);
}

Tensor PoincareBall::expmap0(const Tensor& v, int64_t dim) const {
  return poincare_expmap0(v, c_, dim);
}

Tensor PoincareBall::logmap0(const Tensor& y, int64_t dim) const {
  return poincare_logmap0(y, c_, dim);
}

Tensor PoincareBall::midpoint(const Tensor& x, const Weights& weights, int64_t along,
                              int64_t dim) const {
  return poincare_midpoint(x, weights, c_, along, dim);
}

Tensor PoincareBall::frechet_mean(const Tensor& x, const Weights& weights, int64_t along,
                                  int64_t dim) const {
  return poincare_frechet_mean(x, weights, c_, along, dim);
}

}  // namespace gyroseg
