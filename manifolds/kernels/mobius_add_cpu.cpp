#include <ATen/Dispatch.h>
#include <ATen/ExpandUtils.h>
#include <torch/types.h>

#include <cmath>
#include <vector>

#include "manifolds/kernels/pair_kernels.h"
#include "manifolds/kernels/point_sums.h"
#include "manifolds/stable_math.h"

namespace gyroseg::detail {
namespace {

using torch::Tensor;

/// x (+) y = (by_sum (x + y) + by_x x): cancellation-free (derivations.md B2). The gap of the sum,
/// al be/D, tells whether it must be held inside the ball for its dtype.
struct MobiusSum {
  double al, be, pp, d, hold;

  GYROSEG_INLINE MobiusSum(double c, double gap_x, double gap_y, double sum2, double largest)
      : al(gap_x), be(gap_y), pp(sum2) {
    const double product = al * be;
    d = product + c * pp;
    const double gap = product / d, length = std::sqrt(gap < 1 ? 1 - gap : 0);
    hold = length > largest ? largest / length : 1;
  }
};

template <typename T>
GYROSEG_EVERY_ISA void forward_chunk(ChunkView<const T> x, ChunkView<const T> y, int64_t d,
                                     int64_t n, double c, double largest, ChunkView<T> to) {
  ChunkArray xx, xx_rest, yy, yy_rest, pp;
  squares_of(x, d, n, xx, xx_rest);
  squares_of(y, d, n, yy, yy_rest);
  sums_of<SquaredSum>(x, y, d, n, pp);
  ChunkArray &by_sum = xx_rest, &by_x = yy_rest;
#pragma omp simd
  for (int64_t q = 0; q < n; ++q) {
    const MobiusSum sum(c, gap_of(c, xx[q], xx_rest[q]), gap_of(c, yy[q], yy_rest[q]), pp[q],
                        largest);
    by_sum[q] = sum.hold * sum.al / sum.d;
    by_x[q] = sum.hold * c * sum.pp / sum.d;
  }
  if (to.channel == 1) {
    for (int64_t q = 0; q < n; ++q) {
      const T *xs = x.data + q * x.point, *ys = y.data + q * y.point;
      T* out = to.data + q * to.point;
      const double a = by_sum[q], b = by_x[q];
#pragma omp simd
      for (int64_t i = 0; i < d; ++i) {
        const double u = xs[i], w = ys[i];
        out[i] = static_cast<T>(a * (u + w) + b * u);
      }
    }
    return;
  }
  for (int64_t i = 0; i < d; ++i) {
    const T *xs = x.data + i * x.channel, *ys = y.data + i * y.channel;
    T* out = to.data + i * to.channel;
#pragma omp simd
    for (int64_t q = 0; q < n; ++q) {
      const double u = xs[q], w = ys[q];
      out[q] = static_cast<T>(by_sum[q] * (u + w) + by_x[q] * u);
    }
  }
}

/// The gradients as sums of g, x + y and one point: by x `own_g g + sum_x (x+y) + point_x x`, by y
/// `al/D g + sum_y (x+y) + point_y y`. From derivations.md E with A = al + c|x+y|^2 and y, x written
/// as (x+y) - x, (x+y) - y, so that nothing cancels when y is near -x.
struct MobiusCoefficients {
  ChunkArray x_g, x_sum, x_point, y_g, y_sum, y_point;
};

template <typename T>
GYROSEG_INLINE void write_gradient(const ChunkView<T>& to, const ChunkArray& by_g,
                                   const ChunkArray& by_sum, const ChunkArray& by_point,
                                   const ChunkView<const T>& grad, const ChunkView<const T>& point,
                                   const ChunkView<const T>& other, int64_t d, int64_t n) {
  if (to.data == nullptr) return;
  if (to.channel == 1) {
    for (int64_t q = 0; q < n; ++q) {
      const T *gs = grad.data + q * grad.point, *ps = point.data + q * point.point,
              *os = other.data + q * other.point;
      T* out = to.data + q * to.point;
      const double a = by_g[q], b = by_sum[q], e = by_point[q];
#pragma omp simd
      for (int64_t i = 0; i < d; ++i) {
        const double p = ps[i], o = os[i];
        out[i] = static_cast<T>(a * gs[i] + b * (p + o) + e * p);
      }
    }
    return;
  }
  for (int64_t i = 0; i < d; ++i) {
    const T *gs = grad.data + i * grad.channel, *ps = point.data + i * point.channel,
            *os = other.data + i * other.channel;
    T* out = to.data + i * to.channel;
#pragma omp simd
    for (int64_t q = 0; q < n; ++q) {
      const double p = ps[q], o = os[q];
      out[q] = static_cast<T>(by_g[q] * gs[q] + by_sum[q] * (p + o) + by_point[q] * p);
    }
  }
}

/// Returns the gradient by c, summed over the chunk.
template <typename T>
GYROSEG_EVERY_ISA double backward_chunk(ChunkView<const T> x, ChunkView<const T> y,
                                        ChunkView<const T> grad, int64_t d, int64_t n, double c,
                                        ChunkView<T> by_x, ChunkView<T> by_y) {
  ChunkArray xx, xx_rest, yy, yy_rest, pp, gx, gs, by_c;
  squares_of(x, d, n, xx, xx_rest);
  squares_of(y, d, n, yy, yy_rest);
  sums_of<SquaredSum>(x, y, d, n, pp);
  sums_of<Product>(grad, x, d, n, gx);
  sums_of<Product>(grad, y, d, n, gs);
  MobiusCoefficients k;
#pragma omp simd
  for (int64_t q = 0; q < n; ++q) {
    const MobiusSum sum(c, gap_of(c, xx[q], xx_rest[q]), gap_of(c, yy[q], yy_rest[q]), pp[q], 2);
    const double on_sum = gx[q] + gs[q];  // <g, x + y>
    const double on_result = (sum.al * on_sum + c * sum.pp * gx[q]) / sum.d;
    const double twice = 2 * c / sum.d;
    k.x_g[q] = (sum.al + c * sum.pp) / sum.d;
    k.x_sum[q] = twice * (gx[q] - on_result);
    k.x_point[q] = twice * (sum.be * on_result - on_sum);
    k.y_g[q] = sum.al / sum.d;
    k.y_sum[q] = twice * (gx[q] - on_result);
    k.y_point[q] = twice * sum.al * on_result;
    by_c[q] = (sum.pp * gx[q] - xx[q] * on_sum -
               on_result * (sum.pp - xx[q] * sum.be - yy[q] * sum.al)) /
              sum.d;
  }
  write_gradient(by_x, k.x_g, k.x_sum, k.x_point, grad, x, y, d, n);
  write_gradient(by_y, k.y_g, k.y_sum, k.y_point, grad, y, x, d, n);
  return total_of(by_c, n);
}

Tensor forward(const Tensor& x, const Tensor& y, const Tensor& c, int64_t dim,
               torch::Dtype result) {
  const PointLayout layout(at::infer_size(x.sizes(), y.sizes()), dim, {x, y});
  const Tensor xs = layout.arrange(x), ys = layout.arrange(y);
  const Tensor out = layout.empty_if(true, x.options());
  const double curvature = c.item<double>(), largest = largest_norm(result);
  AT_DISPATCH_FLOATING_TYPES(x.scalar_type(), "poincare_mobius_add", [&] {
    const auto *px = xs.const_data_ptr<scalar_t>(), *py = ys.const_data_ptr<scalar_t>();
    auto* to = out.mutable_data_ptr<scalar_t>();
    layout.for_each_chunk([&](int64_t, int64_t group, int64_t first, int64_t n) {
      forward_chunk(layout.chunk(px, xs, group, first), layout.chunk(py, ys, group, first),
                    layout.size(), n, curvature, largest, layout.chunk(to, out, group, first));
    });
  });
  return layout.restore(out);
}

PairGradients backward(const Tensor& grad, const Tensor& x, const Tensor& y, const Tensor& c,
                       int64_t dim, const PairMask& needed) {
  const PointLayout layout(at::infer_size(x.sizes(), y.sizes()), dim, {x, y});
  const Tensor xs = layout.arrange(x), ys = layout.arrange(y), gs = layout.arrange(grad);
  const Tensor by_x = layout.empty_if(needed[0], x.options());
  const Tensor by_y = layout.empty_if(needed[1], x.options());
  const double curvature = c.item<double>();
  std::vector<double> by_c(layout.tasks());
  AT_DISPATCH_FLOATING_TYPES(x.scalar_type(), "poincare_mobius_add", [&] {
    const auto *px = xs.const_data_ptr<scalar_t>(), *py = ys.const_data_ptr<scalar_t>();
    const auto* pg = gs.const_data_ptr<scalar_t>();
    auto *to_x = data_of<scalar_t>(by_x), *to_y = data_of<scalar_t>(by_y);
    layout.for_each_chunk([&](int64_t task, int64_t group, int64_t first, int64_t n) {
      by_c[task] = backward_chunk(
          layout.chunk(px, xs, group, first), layout.chunk(py, ys, group, first),
          layout.chunk(pg, gs, group, first), layout.size(), n, curvature,
          layout.chunk(to_x, by_x, group, first), layout.chunk(to_y, by_y, group, first));
    });
  });
  return {layout.restore(by_x), layout.restore(by_y), sum_of(by_c)};
}

}  // namespace

const PairEvaluation poincare_mobius_add_cpu{&forward, &backward};

}  // namespace gyroseg::detail
