#include "manifolds/poincare_operators.h"

#include "manifolds/kernels/operator_handle.h"
#include "manifolds/lorentz_operators.h"
#include "manifolds/polar_dist.h"
#include "manifolds/polar_mlr.h"

namespace gyroseg {
namespace {

using torch::Tensor;
using Radial = Tensor(const Tensor&, const Tensor&, int64_t);
using Pair = Tensor(const Tensor&, const Tensor&, const Tensor&, int64_t);
using Mlr = Tensor(const Tensor&, const Tensor&, const Tensor&, const Tensor&, int64_t);

}  // namespace

Tensor poincare_dist(const Tensor& x, const Tensor& y, const Curvature& c, int64_t dim) {
  static const auto call = detail::operator_handle<Pair>("poincare_dist");
  return call.call(x, y, c.tensor(), dim);
}

Tensor poincare_sqdist(const Tensor& x, const Tensor& y, const Curvature& c, int64_t dim) {
  static const auto call = detail::operator_handle<Pair>("poincare_sqdist");
  return call.call(x, y, c.tensor(), dim);
}

Tensor poincare_cdist(const Tensor& x, const Tensor& y, const Curvature& c) {
  static const auto call =
      detail::operator_handle<Tensor(const Tensor&, const Tensor&, const Tensor&)>(
          "poincare_cdist");
  return call.call(x, y, c.tensor());
}

Tensor poincare_expmap0(const Tensor& v, const Curvature& c, int64_t dim) {
  static const auto call = detail::operator_handle<Radial>("poincare_expmap0");
  return call.call(v, c.tensor(), dim);
}

Tensor poincare_logmap0(const Tensor& y, const Curvature& c, int64_t dim) {
  static const auto call = detail::operator_handle<Radial>("poincare_logmap0");
  return call.call(y, c.tensor(), dim);
}

Tensor poincare_mobius_add(const Tensor& x, const Tensor& y, const Curvature& c, int64_t dim) {
  static const auto call = detail::operator_handle<Pair>("poincare_mobius_add");
  return call.call(x, y, c.tensor(), dim);
}

Tensor poincare_mlr(const Tensor& x, const Tensor& p, const Tensor& a, const Curvature& c,
                    int64_t dim) {
  static const auto call = detail::operator_handle<Mlr>("poincare_mlr");
  return call.call(x, p, a, c.tensor(), dim);
}

Tensor polar_mlr(const Tensor& v, const Tensor& z, const Tensor& r, const Curvature& c,
                 int64_t dim) {
  static const auto call = detail::operator_handle<Mlr>("polar_mlr");
  return call.call(v, z, r, c.tensor(), dim);
}

Tensor polar_dist(const Tensor& v, const Tensor& w, const Curvature& c, int64_t dim) {
  static const auto call = detail::operator_handle<Pair>("polar_dist");
  return call.call(v, w, c.tensor(), dim);
}

Tensor lorentz_dist(const Tensor& x, const Tensor& y, const Curvature& c, int64_t dim) {
  static const auto call = detail::operator_handle<Pair>("lorentz_dist");
  return call.call(x, y, c.tensor(), dim);
}

}  // namespace gyroseg
