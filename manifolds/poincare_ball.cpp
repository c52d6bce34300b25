#include "manifolds/poincare_ball.h"

#include "manifolds/argument_checks.h"
#include "manifolds/polar_dist.h"
#include "manifolds/polar_mlr.h"

namespace gyroseg {

PoincareBall::PoincareBall(double c) : c_(c) { detail::check_curvature("PoincareBall", c); }

torch::Tensor PoincareBall::tangent_dist(const torch::Tensor& v, const torch::Tensor& w,
                                         int64_t dim) const {
  return polar_dist(v, w, c_, dim);
}

torch::Tensor PoincareBall::logits(const torch::Tensor& v, const torch::Tensor& normals,
                                   const torch::Tensor& offsets, int64_t dim) const {
  return polar_mlr(v, normals, offsets, c_, dim);
}

}  // namespace gyroseg
