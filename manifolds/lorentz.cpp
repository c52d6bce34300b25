#include "manifolds/lorentz.h"

#include <algorithm>
#include <limits>
#include <vector>

#include "manifolds/forms/lorentz_forms.h"
#include "manifolds/forms/radial.h"
#include "manifolds/kernels/operator_arguments.h"
#include "manifolds/lorentz_maps.h"
#include "manifolds/lorentz_operators.h"
#include "manifolds/means.h"
#include "manifolds/models.h"
#include "manifolds/polar_dist.h"
#include "manifolds/polar_mlr.h"

namespace gyroseg {
namespace {

using detail::checked_curvature;
using detail::Operands;

/// A point's X0 may be off by this many roundings of its dtype before it counts as outside.
constexpr double kTimeRoundings = 4;

/// Rows of x whose pairs with all of y fit some 64 MiB of float64.
constexpr int64_t kPairEntries = 1 << 23;

}  // namespace

using torch::Tensor;

Tensor Lorentz::tangent_dist(const Tensor& v, const Tensor& w, int64_t dim) const {
  return polar_dist(v, w, c_, dim);
}

Tensor Lorentz::logits(const Tensor& v, const Tensor& normals, const Tensor& offsets,
                       int64_t dim) const {
  return polar_mlr(v, normals, offsets, c_, dim);
}

Tensor Lorentz::embed(const Tensor& v, int64_t dim) const {
  const Operands in("Lorentz::embed", {{"v", v}}, dim);
  const Tensor c = checked_curvature("Lorentz::embed", c_.tensor());
  const Tensor space = 2 * detail::sinh_ratio(4 * c * in.square(in[0])) * in[0];
  return in.narrow(detail::lifted(in, space, c));
}

// At the origin the logarithm is [0, 2v]: its length is the distance 2|v|.
Tensor Lorentz::unembed(const Tensor& x, int64_t dim) const {
  const Tensor log = logmap0(x, dim);
  return log.narrow(dim, 1, log.size(dim) - 1) / 2;
}

Tensor Lorentz::origin(int64_t coordinates, const torch::TensorOptions& options) const {
  TORCH_CHECK_VALUE(coordinates >= 2, "Lorentz::origin: at least 2 coordinates, got ", coordinates);
  const Tensor c = checked_curvature("Lorentz::origin", c_.tensor());
  const Tensor pole = torch::zeros({coordinates}, options.dtype(torch::kFloat64));
  return at::cat({torch::rsqrt(c).to(pole.device()).view({1}), pole.narrow(0, 1, coordinates - 1)})
      .to(options.dtype_opt().has_value() ? options.dtype() : pole.dtype());
}

Projection Lorentz::project(const Tensor& x, int64_t dim) const {
  const Operands in("Lorentz::project", {{"x", x}}, dim);
  const Tensor c = checked_curvature("Lorentz::project", c_.tensor());
  const Tensor lifted = detail::lifted(in, detail::space_part("Lorentz::project", in, 0), c);
  const Tensor time = lifted.narrow(in.dim(), 0, 1);
  const Tensor off = (in[0].narrow(in.dim(), 0, 1) - time).abs() >
                     kTimeRoundings * detail::rounding(in.dtype()) * time;
  return {torch::where(off, in.narrow(lifted), x), off.sum()};
}

Tensor Lorentz::project_tangent(const Tensor& x, const Tensor& v, int64_t dim) const {
  return lorentz_project_tangent(x, v, c_, dim);
}

Tensor Lorentz::inner(const Tensor& x, const Tensor& u, const Tensor& v, int64_t dim) const {
  return lorentz_inner(x, u, v, c_, dim);
}

Tensor Lorentz::rgrad(const Tensor& x, const Tensor& egrad, int64_t dim) const {
  return lorentz_rgrad(x, egrad, c_, dim);
}

Tensor Lorentz::expmap(const Tensor& x, const Tensor& v, int64_t dim) const {
  return lorentz_expmap(x, v, c_, dim);
}

Tensor Lorentz::logmap(const Tensor& x, const Tensor& y, int64_t dim) const {
  return lorentz_logmap(x, y, c_, dim);
}

Tensor Lorentz::dist(const Tensor& x, const Tensor& y, int64_t dim) const {
  return lorentz_dist(x, y, c_, dim);
}

Tensor Lorentz::sqdist(const Tensor& x, const Tensor& y, int64_t dim) const {
  return lorentz_sqdist(x, y, c_, dim);
}

Tensor Lorentz::cdist(const Tensor& x, const Tensor& y) const {
  detail::check_rows("Lorentz::cdist", x, y);
  const int64_t rows = std::max<int64_t>(1, kPairEntries / std::max<int64_t>(1, y.numel()));
  std::vector<Tensor> parts;
  for (int64_t first = 0; first == 0 || first < x.size(0); first += rows) {
    const Tensor part = x.narrow(0, first, std::min(rows, x.size(0) - first));
    parts.push_back(lorentz_dist(part.unsqueeze(1), y.unsqueeze(0), c_));
  }
  return at::cat(parts);
}

Tensor Lorentz::geodesic(const Tensor& t, const Tensor& x, const Tensor& y, int64_t dim) const {
  return lorentz_geodesic(t, x, y, c_, dim);
}

Tensor Lorentz::transport(const Tensor& x, const Tensor& y, const Tensor& v, int64_t dim) const {
  return lorentz_transport(x, y, v, c_, dim);
}

Tensor Lorentz::midpoint(const Tensor& x, const Weights& weights, int64_t along,
                         int64_t dim) const {
  return lorentz_centroid(x, weights, c_, along, dim);
}

Tensor Lorentz::frechet_mean(const Tensor& x, const Weights& weights, int64_t along,
                             int64_t dim) const {
  return lorentz_frechet_mean(x, weights, c_, along, dim);
}

}  // namespace gyroseg
