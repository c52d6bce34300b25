#include <torch/types.h>

#include "manifolds/kernels/angle_composite.h"
#include "manifolds/kernels/composite_forms.h"
#include "manifolds/kernels/pair_kernels.h"

namespace gyroseg::detail {
namespace {

using torch::Tensor;

/// lorentz_pair.h for tensors.
struct Pair {
  Tensor difference, u, root, arc;

  Pair(const Tensor& x_in, const Tensor& y_in, const Tensor& c, int64_t dim) {
    const bool exact = x_in.scalar_type() != torch::kFloat64;
    const auto pair =
        torch::broadcast_tensors({x_in.to(torch::kFloat64), y_in.to(torch::kFloat64)});
    const int64_t d = pair[0].size(dim) - 1;
    const Tensor x = pair[0].narrow(dim, 1, d), y = pair[1].narrow(dim, 1, d);
    const Polar px(x, dim), py(y, dim);
    const PolarAngle angle = angle_between(x, px, y, py, dim, exact);
    const Tensor root_c = torch::sqrt(c), a = root_c * px.length, b = root_c * py.length;
    const Tensor time_x = torch::sqrt(1 + a.square()), time_y = torch::sqrt(1 + b.square());
    const Tensor sum = a * time_y + b * time_x;
    const Tensor both = torch::where(sum == 0, 1.0, px.length + py.length);
    const Tensor gap = ((x - y) * (x + y)).sum(dim, true) / both;
    difference = at::cat({gap * (a + b) / (time_x + time_y), x - y}, dim);
    const Tensor sinh_delta = root_c * gap * (a + b) / torch::where(sum == 0, 1.0, sum);
    const Tensor square = sinh_delta.square();
    u = square / (2 * (torch::sqrt(1 + square) + 1)) + a * b * angle.sin2_half;
    root = torch::sqrt(1 + u);
    arc = torch::log1p(torch::sqrt(u) + u / (1 + root));
  }
};

Tensor forward(const Tensor& x, const Tensor& y, const Tensor& c, int64_t dim, torch::Dtype) {
  return (2 * torch::rsqrt(c) * Pair(x, y, c, dim).arc).squeeze(dim);
}

PairGradients backward(const Tensor& grad, const Tensor& x, const Tensor& y, const Tensor& c,
                       int64_t dim, const PairMask& needed) {
  const Pair pair(x, y, c, dim);
  const Tensor g = grad.to(torch::kFloat64).unsqueeze(dim);
  const Tensor chord = 2 * torch::sqrt(pair.u) * torch::rsqrt(c);
  const Tensor scale = torch::where(pair.u == 0, 0.0, g / (chord * pair.root));
  const int64_t d = pair.difference.size(dim);
  const Tensor ambient = scale * at::cat({-pair.difference.narrow(dim, 0, 1),
                                          pair.difference.narrow(dim, 1, d - 1)},
                                         dim);
  PairGradients out;
  if (needed[0]) out.x = ambient;
  if (needed[1]) out.y = -ambient;
  if (needed[2]) {
    const Tensor phi = torch::where(pair.u == 0, 1.0, pair.arc / torch::sqrt(pair.u));
    out.c = (g * chord.pow(3) / 8 * psi_of(pair.u, phi, pair.root)).sum();
  }
  return out;
}

}  // namespace

const PairEvaluation lorentz_dist_composite{&forward, &backward};

}  // namespace gyroseg::detail
