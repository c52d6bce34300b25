#include "manifolds/sphere.h"

#include <numbers>

#include "manifolds/argument_checks.h"
#include "manifolds/euclidean.h"
#include "manifolds/forms/operands.h"
#include "manifolds/forms/radial.h"
#include "manifolds/means.h"

namespace gyroseg {
namespace {

using detail::Operands;
using torch::Tensor;

/// Directions; 0 for a zero vector, with gradient 0.
Tensor direction(const Operands& in, const Tensor& v) {
  const Tensor length = at::linalg_vector_norm(v, 2, in.dim(), true);
  const Tensor zero = length == 0;
  return torch::where(zero, 0.0, v / torch::where(zero, 1.0, length));
}

/// The angle between unit vectors, right near 0 and near pi. Where they are equal or antipodal no
/// gradient exists: the norms' 0 gives 0.
Tensor angle(const Operands& in, const Tensor& x, const Tensor& y) {
  const auto norm = [&](const Tensor& t) { return at::linalg_vector_norm(t, 2, in.dim(), true); };
  return 2 * torch::atan2(norm(x - y), norm(x + y));
}

/// h = sin^2(angle/2), k = cos^2(angle/2), each without cancellation, and angle/sin(angle).
struct Pair {
  Tensor h, k, stretch;

  Pair(const Operands& in, const Tensor& x, const Tensor& y)
      : h(in.square(x - y) / 4), k(in.square(x + y) / 4) {
    const Tensor near = h < 0.5, antipodal = k == 0;
    // asin(sqrt h)/(sqrt h sqrt k) = atan(t)/t (1 + t^2) with t^2 = h/k: smooth at h = 0.
    const Tensor q = torch::where(near, h / torch::where(near, k, 1.0), 0.0);
    const Tensor safe_h = torch::where(near, 1.0, h);
    const Tensor safe_k = torch::where(near.logical_or(antipodal), 1.0, k);
    const Tensor far =
        torch::atan2(torch::sqrt(safe_h), torch::sqrt(safe_k)) / torch::sqrt(safe_h * safe_k);
    stretch =
        torch::where(near, detail::atan_ratio(q) * (1 + q), torch::where(antipodal, 0.0, far));
  }
};

Tensor on_sphere(const Operands& in, const Tensor& x) {
  return in.narrow(x / at::linalg_vector_norm(x, 2, in.dim(), true));
}

/// A unit vector's length may be off by this many roundings of its dtype before it counts as
/// outside.
constexpr double kLengthRoundings = 8;

}  // namespace

Tensor Sphere::tangent_dist(const Tensor& v, const Tensor& w, int64_t dim) const {
  const Operands in("Sphere::tangent_dist", {{"v", v}, {"w", w}}, dim);
  const Tensor x = direction(in, in[0]), y = direction(in, in[1]);
  const Tensor no_x = in.square(in[0]) == 0, no_y = in.square(in[1]) == 0;
  const Tensor one_is_zero = no_x.logical_xor(no_y);
  const Tensor between = distance_ == Distance::cosine ? in.square(x - y) / 2 : angle(in, x, y);
  const double right_angle = distance_ == Distance::cosine ? 1 : std::numbers::pi / 2;
  const Tensor value = torch::where(no_x.logical_and(no_y), 0.0, between);
  return in.narrow(torch::where(one_is_zero, right_angle, value).squeeze(in.dim()));
}

Tensor Sphere::logits(const Tensor& v, const Tensor& normals, const Tensor& offsets,
                      int64_t dim) const {
  detail::check_hyperplanes("Sphere::logits", v, normals, offsets, dim);
  return Euclidean().logits(embed(v, dim), normals, offsets, dim);
}

Tensor Sphere::embed(const Tensor& v, int64_t dim) const {
  const Operands in("Sphere::embed", {{"v", v}}, dim);
  return in.narrow(direction(in, in[0]));
}

Tensor Sphere::unembed(const Tensor& x, int64_t dim) const {
  return Operands("Sphere::unembed", {{"x", x}}, dim).narrow(x);
}

Tensor Sphere::origin(int64_t coordinates, const torch::TensorOptions& options) const {
  Tensor pole = torch::zeros({coordinates}, options);
  pole.narrow(0, 0, 1).fill_(1);
  return pole;
}

Projection Sphere::project(const Tensor& x, int64_t dim) const {
  const Operands in("Sphere::project", {{"x", x}}, dim);
  const Tensor length = at::linalg_vector_norm(in[0], 2, in.dim(), true);
  const Tensor off = (length - 1).abs() > kLengthRoundings * detail::rounding(in.dtype());
  return {torch::where(off, in.narrow(direction(in, in[0])), x), off.sum()};
}

Tensor Sphere::project_tangent(const Tensor& x, const Tensor& v, int64_t dim) const {
  const Operands in("Sphere::project_tangent", {{"x", x}, {"v", v}}, dim);
  return in.narrow(in[1] - in.dot(in[0], in[1]) * in[0]);
}

Tensor Sphere::inner(const Tensor& x, const Tensor& u, const Tensor& v, int64_t dim) const {
  return Euclidean().inner(x, u, v, dim);
}

Tensor Sphere::rgrad(const Tensor& x, const Tensor& egrad, int64_t dim) const {
  return project_tangent(x, egrad, dim);
}

Tensor Sphere::expmap(const Tensor& x, const Tensor& v, int64_t dim) const {
  const Operands in("Sphere::expmap", {{"x", x}, {"v", v}}, dim);
  const Tensor q = in.square(in[1]);
  const Tensor cosine = 1 - q / 2 * detail::sin_ratio(q / 4).square();
  return on_sphere(in, cosine * in[0] + detail::sin_ratio(q) * in[1]);
}

Tensor Sphere::logmap(const Tensor& x, const Tensor& y, int64_t dim) const {
  const Operands in("Sphere::logmap", {{"x", x}, {"y", y}}, dim);
  const Pair pair(in, in[0], in[1]);
  return in.narrow(pair.stretch * (in[1] - in[0] + 2 * pair.h * in[0]));
}

Tensor Sphere::dist(const Tensor& x, const Tensor& y, int64_t dim) const {
  const Operands in("Sphere::dist", {{"x", x}, {"y", y}}, dim);
  return in.narrow(angle(in, in[0], in[1]).squeeze(in.dim()));
}

Tensor Sphere::sqdist(const Tensor& x, const Tensor& y, int64_t dim) const {
  const Operands in("Sphere::sqdist", {{"x", x}, {"y", y}}, dim);
  // angle^2 = (angle/sin)^2 sin^2, smooth at 0; at the antipode the other form holds the value.
  const Pair pair(in, in[0], in[1]);
  const Tensor smooth = pair.stretch.square() * 4 * pair.h * pair.k;
  const Tensor value = torch::where(pair.h < 0.5, smooth, angle(in, in[0], in[1]).square());
  return in.narrow(value.squeeze(in.dim()));
}

Tensor Sphere::cdist(const Tensor& x, const Tensor& y) const {
  detail::check_rows("Sphere::cdist", x, y);
  const auto type = at::promote_types(x.scalar_type(), y.scalar_type());
  const Tensor from = x.to(torch::kFloat64), to = y.to(torch::kFloat64);
  const Tensor near = detail::direct_cdist("Sphere::cdist", from, to);
  return (2 * torch::atan2(near, detail::direct_cdist("Sphere::cdist", from, -to))).to(type);
}

Tensor Sphere::geodesic(const Tensor& t, const Tensor& x, const Tensor& y, int64_t dim) const {
  detail::check_floating("Sphere::geodesic", "t", t);
  const Operands in("Sphere::geodesic", {{"x", x}, {"y", y}}, dim);
  const Tensor time = in.scalars(t.to(torch::kFloat64));
  const Pair pair(in, in[0], in[1]);
  const Tensor q = pair.stretch.square() * 4 * pair.h * pair.k;
  return on_sphere(
      in, detail::sin_quotient(1 - time, q) * in[0] + detail::sin_quotient(time, q) * in[1]);
}

Tensor Sphere::transport(const Tensor& x, const Tensor& y, const Tensor& v, int64_t dim) const {
  const Operands in("Sphere::transport", {{"x", x}, {"y", y}, {"v", v}}, dim);
  const Tensor k = in.square(in[0] + in[1]) / 4, antipodal = k == 0;
  const Tensor pull = in.dot(in[1] - in[0], in[2]) / (2 * torch::where(antipodal, 1.0, k));
  return in.narrow(in[2] - pull * (in[0] + in[1]));
}

Tensor Sphere::midpoint(const Tensor& x, const Weights& weights, int64_t along, int64_t dim) const {
  return sphere_midpoint(x, weights, along, dim);
}

Tensor Sphere::frechet_mean(const Tensor& x, const Weights& weights, int64_t along,
                            int64_t dim) const {
  return sphere_frechet_mean(x, weights, along, dim);
}

}  // namespace gyroseg
