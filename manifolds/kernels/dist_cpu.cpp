#include <ATen/Dispatch.h>
#include <ATen/ExpandUtils.h>
#include <torch/types.h>

#include <cmath>
#include <vector>

#include "manifolds/kernels/ball_pairs.h"
#include "manifolds/kernels/pair_gradient.h"
#include "manifolds/kernels/pair_kernels.h"

namespace gyroseg::detail {
namespace {

using torch::Tensor;

template <typename F, typename T>
GYROSEG_EVERY_ISA void forward_chunk(ChunkView<const T> x, ChunkView<const T> y, int64_t d,
                                     int64_t n, double c, T* out) {
  PairSums sums;
  sums.fill(x, y, d, n);
  const double root_c = std::sqrt(c);
#pragma omp simd
  for (int64_t q = 0; q < n; ++q) {
    const BallPair pair(c, gap_of(c, sums.xx[q], sums.xx_rest[q]),
                        gap_of(c, sums.yy[q], sums.yy_rest[q]), sums.ss[q]);
    out[q] = static_cast<T>(F::value(pair, root_c));
  }
}

/// Returns the gradient by c, summed over the chunk.
template <typename F, typename T>
GYROSEG_EVERY_ISA double backward_chunk(ChunkView<const T> x, ChunkView<const T> y, const T* grad,
                                        int64_t d, int64_t n, double c, ChunkView<T> by_x,
                                        ChunkView<T> by_y) {
  PairSums sums;
  sums.fill(x, y, d, n);
  PairCoefficients k;
  ChunkArray by_c;
#pragma omp simd
  for (int64_t q = 0; q < n; ++q) {
    const BallPair pair(c, gap_of(c, sums.xx[q], sums.xx_rest[q]),
                        gap_of(c, sums.yy[q], sums.yy_rest[q]), sums.ss[q]);
    const double g = grad[q], slope = g * F::slope(pair, c);
    k.gap[q] = slope;
    k.x_own[q] = slope * c * pair.s / pair.al;
    k.y_own[q] = slope * c * pair.s / pair.be;
    by_c[q] = g * F::by_c(pair, pair.by_c(sums.xx[q], sums.yy[q]));
  }
  if (by_x.data != nullptr || by_y.data != nullptr)
    write_pair_gradients(k, x, y, d, n, by_x, by_y);
  return total_of(by_c, n);
}

template <typename F>
Tensor forward(const Tensor& x, const Tensor& y, const Tensor& c, int64_t dim, torch::Dtype) {
  const PointLayout layout(at::infer_size(x.sizes(), y.sizes()), dim, {x, y});
  const Tensor xs = layout.arrange(x), ys = layout.arrange(y);
  const Tensor out = layout.empty_scalars(x.options());
  const double curvature = c.item<double>();
  AT_DISPATCH_FLOATING_TYPES(x.scalar_type(), "poincare_dist", [&] {
    const auto *px = xs.const_data_ptr<scalar_t>(), *py = ys.const_data_ptr<scalar_t>();
    auto* to = out.mutable_data_ptr<scalar_t>();
    layout.for_each_chunk([&](int64_t, int64_t group, int64_t first, int64_t n) {
      forward_chunk<F>(layout.chunk(px, xs, group, first), layout.chunk(py, ys, group, first),
                       layout.size(), n, curvature, to + layout.scalar(group, first));
    });
  });
  return out;
}

template <typename F>
PairGradients backward(const Tensor& grad, const Tensor& x, const Tensor& y, const Tensor& c,
                       int64_t dim, const PairMask& needed) {
  const PointLayout layout(at::infer_size(x.sizes(), y.sizes()), dim, {x, y});
  const Tensor xs = layout.arrange(x), ys = layout.arrange(y), gs = layout.arrange_scalars(grad);
  const Tensor by_x = layout.empty_if(needed[0], x.options());
  const Tensor by_y = layout.empty_if(needed[1], x.options());
  const double curvature = c.item<double>();
  std::vector<double> by_c(layout.tasks());
  AT_DISPATCH_FLOATING_TYPES(x.scalar_type(), "poincare_dist", [&] {
    const auto *px = xs.const_data_ptr<scalar_t>(), *py = ys.const_data_ptr<scalar_t>();
    const auto* pg = gs.const_data_ptr<scalar_t>();
    auto *to_x = data_of<scalar_t>(by_x), *to_y = data_of<scalar_t>(by_y);
    layout.for_each_chunk([&](int64_t task, int64_t group, int64_t first, int64_t n) {
      by_c[task] = backward_chunk<F>(
          layout.chunk(px, xs, group, first), layout.chunk(py, ys, group, first),
          pg + layout.scalar(group, first), layout.size(), n, curvature,
          layout.chunk(to_x, by_x, group, first), layout.chunk(to_y, by_y, group, first));
    });
  });
  return {layout.restore(by_x), layout.restore(by_y), sum_of(by_c)};
}

}  // namespace

const PairEvaluation poincare_dist_cpu{&forward<Distance>, &backward<Distance>};
const PairEvaluation poincare_sqdist_cpu{&forward<SquaredDistance>, &backward<SquaredDistance>};

}  // namespace gyroseg::detail
