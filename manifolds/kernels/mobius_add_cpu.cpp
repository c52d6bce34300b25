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
  pair_sums_of<SquaredSum>(x, y, d, n, xx, xx_rest, yy, yy_rest, pp);
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

/// The gradients as sums of g, x + y and one point. With z = x (+) y and w = be <g,x> - <g,x+y>
/// those of derivations.md E are
///   by x  [(al + c|x+y|^2) g + 2c w z]/D
///   by y  al [g + 2c (w (x+y)/D + <g,z> y)]/D
///   by c  [|x+y|^2 w/D + al |y|^2 <g,z>]/D
/// in which nothing cancels, for x near the rim (z near x) or y near -x: written literally the
/// gradient by y is lost there (al/D of all that its terms are).
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

/// <g, x> and <g, x+y> of n points.
template <typename T>
GYROSEG_INLINE void gradient_sums(const ChunkView<const T>& grad, const ChunkView<const T>& x,
                                  const ChunkView<const T>& y, int64_t d, int64_t n,
                                  ChunkArray& on_x, ChunkArray& on_sum) {
  if (x.channel == 1) {
    for (int64_t q = 0; q < n; ++q) {
      const T *gs = grad.data + q * grad.point, *xs = x.data + q * x.point,
              *ys = y.data + q * y.point;
      double by_x = 0, by_sum = 0;
#pragma omp simd reduction(+ : by_x, by_sum)
      for (int64_t i = 0; i < d; ++i) {
        const double g = gs[i], a = xs[i], b = ys[i];
        by_x += g * a;
        by_sum += g * (a + b);
      }
      on_x[q] = by_x;
      on_sum[q] = by_sum;
    }
    return;
  }
  for (int64_t q = 0; q < n; ++q) on_x[q] = on_sum[q] = 0;
  for (int64_t i = 0; i < d; ++i) {
    const T *gs = grad.data + i * grad.channel, *xs = x.data + i * x.channel,
            *ys = y.data + i * y.channel;
#pragma omp simd
    for (int64_t q = 0; q < n; ++q) {
      const double g = gs[q], a = xs[q], b = ys[q];
      on_x[q] += g * a;
      on_sum[q] += g * (a + b);
    }
  }
}

/// Returns the gradient by c, summed over the chunk.
template <typename T>
GYROSEG_EVERY_ISA double backward_chunk(ChunkView<const T> x, ChunkView<const T> y,
                                        ChunkView<const T> grad, int64_t d, int64_t n, double c,
                                        ChunkView<T> by_x, ChunkView<T> by_y) {
  ChunkArray xx, xx_rest, yy, yy_rest, pp, on_x, on_sum, by_c;
  pair_sums_of<SquaredSum>(x, y, d, n, xx, xx_rest, yy, yy_rest, pp);
  gradient_sums(grad, x, y, d, n, on_x, on_sum);
  MobiusCoefficients k;
#pragma omp simd
  for (int64_t q = 0; q < n; ++q) {
    const MobiusSum sum(c, gap_of(c, xx[q], xx_rest[q]), gap_of(c, yy[q], yy_rest[q]), pp[q], 2);
    const double on_result = (sum.al * on_sum[q] + c * sum.pp * on_x[q]) / sum.d;
    const double w = (sum.be * on_x[q] - on_sum[q]) / sum.d, twice = 2 * c / sum.d;
    k.x_g[q] = (sum.al + c * sum.pp) / sum.d;
    k.x_sum[q] = k.y_sum[q] = twice * sum.al * w;
    k.x_point[q] = twice * c * sum.pp * w;
    k.y_g[q] = sum.al / sum.d;
    k.y_point[q] = twice * sum.al * on_result;
    by_c[q] = (sum.pp * w + sum.al * yy[q] * on_result) / sum.d;
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
