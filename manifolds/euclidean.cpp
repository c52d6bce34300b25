#include "manifolds/euclidean.h"

#include "manifolds/argument_checks.h"
#include "manifolds/forms/operands.h"

namespace gyroseg {

using detail::Operands;
using torch::Tensor;

Tensor Euclidean::tangent_dist(const Tensor& v, const Tensor& w, int64_t dim) const {
  const int64_t reduced = detail::check_pair("Euclidean::tangent_dist", "v", v, "w", w, dim);
  return at::linalg_vector_norm(v - w, 2, reduced);  // its gradient at 0 is 0
}

Tensor Euclidean::logits(const Tensor& v, const Tensor& normals, const Tensor& offsets,
                         int64_t dim) const {
  const int64_t front = detail::check_hyperplanes("Euclidean::logits", v, normals, offsets, dim);
  const auto type = at::promote_types(v.scalar_type(), at::result_type(normals, offsets));
  const auto x = v.to(type);
  const auto weight = 4 * normals.to(type);
  const auto bias = -offsets.to(type) * at::linalg_vector_norm(weight, 2, 1);
  if (v.dim() == 4 && front == 1) return at::conv2d(x, weight.unsqueeze(-1).unsqueeze(-1), bias);
  return at::linear(x.movedim(front, -1), weight, bias).movedim(-1, front);
}

Tensor Euclidean::embed(const Tensor& v, int64_t dim) const {
  return Operands("Euclidean::embed", {{"v", v}}, dim).narrow(v);
}

Tensor Euclidean::unembed(const Tensor& x, int64_t dim) const {
  return Operands("Euclidean::unembed", {{"x", x}}, dim).narrow(x);
}

Tensor Euclidean::origin(int64_t coordinates, const torch::TensorOptions& options) const {
  return torch::zeros({coordinates}, options);
}

Projection Euclidean::project(const Tensor& x, int64_t dim) const {
  const Operands in("Euclidean::project", {{"x", x}}, dim);
  return {x, torch::zeros({}, x.options().dtype(torch::kInt64))};
}

Tensor Euclidean::project_tangent(const Tensor& x, const Tensor& v, int64_t dim) const {
  const Operands in("Euclidean::project_tangent", {{"x", x}, {"v", v}}, dim);
  return in.narrow(v.expand(at::infer_size(x.sizes(), v.sizes())));
}

Tensor Euclidean::inner(const Tensor& x, const Tensor& u, const Tensor& v, int64_t dim) const {
  const Operands in("Euclidean::inner", {{"x", x}, {"u", u}, {"v", v}}, dim);
  const Tensor product = in.dot(in[1], in[2]);
  return in.narrow(product + torch::zeros_like(in[0].narrow(in.dim(), 0, 1)));
}

Tensor Euclidean::rgrad(const Tensor& x, const Tensor& egrad, int64_t dim) const {
  return project_tangent(x, egrad, dim);
}

Tensor Euclidean::expmap(const Tensor& x, const Tensor& v, int64_t dim) const {
  const Operands in("Euclidean::expmap", {{"x", x}, {"v", v}}, dim);
  return in.narrow(in[0] + in[1]);
}

Tensor Euclidean::logmap(const Tensor& x, const Tensor& y, int64_t dim) const {
  const Operands in("Euclidean::logmap", {{"x", x}, {"y", y}}, dim);
  return in.narrow(in[1] - in[0]);
}

Tensor Euclidean::dist(const Tensor& x, const Tensor& y, int64_t dim) const {
  return tangent_dist(x, y, dim);
}

Tensor Euclidean::sqdist(const Tensor& x, const Tensor& y, int64_t dim) const {
  const Operands in("Euclidean::sqdist", {{"x", x}, {"y", y}}, dim);
  return in.narrow(in.square(in[0] - in[1]).squeeze(in.dim()));
}

Tensor Euclidean::cdist(const Tensor& x, const Tensor& y) const {
  return detail::direct_cdist("Euclidean::cdist", x, y);
}

Tensor Euclidean::geodesic(const Tensor& t, const Tensor& x, const Tensor& y, int64_t dim) const {
  const Operands in("Euclidean::geodesic", {{"x", x}, {"y", y}}, dim);
  const Tensor time = in.scalars(t.to(torch::kFloat64));
  return in.narrow((1 - time) * in[0] + time * in[1]);
}

Tensor Euclidean::transport(const Tensor& x, const Tensor& y, const Tensor& v, int64_t dim) const {
  const Operands in("Euclidean::transport", {{"x", x}, {"y", y}, {"v", v}}, dim);
  const auto shape = at::infer_size(at::infer_size(x.sizes(), y.sizes()), v.sizes());
  return in.narrow(v.expand(shape));
}

Tensor Euclidean::midpoint(const Tensor& x, const Weights& weights, int64_t along,
                           int64_t dim) const {
  const detail::WeightedPoints points("Euclidean::midpoint", x, weights, along, dim);
  return points.restore((points.weights * points.x).sum(0));
}

Tensor Euclidean::frechet_mean(const Tensor& x, const Weights& weights, int64_t along,
                               int64_t dim) const {
  return midpoint(x, weights, along, dim);
}

}  // namespace gyroseg
