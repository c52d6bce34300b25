#include <ATen/Dispatch.h>
#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "manifolds/kernels/point_sums.h"
#include "manifolds/kernels/radial_forms.h"
#include "manifolds/kernels/radial_kernels.h"

namespace gyroseg::detail {
namespace {

using torch::Tensor;

/// to = a * v + b * w for n points.
template <typename T>
GYROSEG_INLINE void write_sum(const ChunkView<T>& to, const ChunkArray& a,
                              const ChunkView<const T>& v, const ChunkArray& b,
                              const ChunkView<const T>& w, int64_t d, int64_t n) {
  if (to.channel == 1) {
    for (int64_t q = 0; q < n; ++q) {
      const T *vs = v.data + q * v.point, *ws = w.data + q * w.point;
      T* out = to.data + q * to.point;
      const double by_v = a[q], by_w = b[q];
#pragma omp simd
      for (int64_t i = 0; i < d; ++i) out[i] = static_cast<T>(by_v * vs[i] + by_w * ws[i]);
    }
    return;
  }
  for (int64_t i = 0; i < d; ++i) {
    const T *vs = v.data + i * v.channel, *ws = w.data + i * w.channel;
    T* out = to.data + i * to.channel;
#pragma omp simd
    for (int64_t q = 0; q < n; ++q) out[q] = static_cast<T>(a[q] * vs[q] + b[q] * ws[q]);
  }
}

template <typename T>
GYROSEG_INLINE void write_multiple(const ChunkView<T>& to, const ChunkArray& a,
                                   const ChunkView<const T>& v, int64_t d, int64_t n) {
  if (to.channel == 1) {
    for (int64_t q = 0; q < n; ++q) {
      const T* vs = v.data + q * v.point;
      T* out = to.data + q * to.point;
      const double by_v = a[q];
#pragma omp simd
      for (int64_t i = 0; i < d; ++i) out[i] = static_cast<T>(by_v * vs[i]);
    }
    return;
  }
  for (int64_t i = 0; i < d; ++i) {
    const T* vs = v.data + i * v.channel;
    T* out = to.data + i * to.channel;
#pragma omp simd
    for (int64_t q = 0; q < n; ++q) out[q] = static_cast<T>(a[q] * vs[q]);
  }
}

template <typename F, typename T>
GYROSEG_EVERY_ISA void forward_chunk(ChunkView<const T> v, int64_t d, int64_t n, double c,
                                     double largest, ChunkView<T> to) {
  ChunkArray sum, rest, factor;
  squares_of(v, d, n, sum, rest);
#pragma omp simd
  for (int64_t q = 0; q < n; ++q) {
    const F form(c * sum[q], F::kNeedsGap ? gap_of(c, sum[q], rest[q]) : 1);
    const double length = form.factor * std::sqrt(c * sum[q]);
    factor[q] = length > largest ? form.factor * (largest / length) : form.factor;
  }
  write_multiple(to, factor, v, d, n);
}

/// Returns the gradient by c, summed over the chunk.
template <typename F, typename T>
GYROSEG_EVERY_ISA double backward_chunk(ChunkView<const T> v, ChunkView<const T> grad, int64_t d,
                                        int64_t n, double c, ChunkView<T> to) {
  ChunkArray sum, rest, along, factor, by_c;
  squares_of(v, d, n, sum, rest);
  sums_of<Product>(grad, v, d, n, along);
#pragma omp simd
  for (int64_t q = 0; q < n; ++q) {
    const F form(c * sum[q], F::kNeedsGap ? gap_of(c, sum[q], rest[q]) : 1);
    const double bend = form.bend * along[q];
    by_c[q] = bend * sum[q] / 2;
    along[q] = c * bend;
    factor[q] = form.factor;
  }
  write_sum(to, factor, grad, along, v, d, n);
  return total_of(by_c, n);
}

template <typename F>
Tensor forward(const Tensor& v, const Tensor& c, int64_t dim, torch::Dtype result) {
  const PointLayout layout(v.sizes(), dim, {v});
  const Tensor vs = layout.arrange(v), out = layout.empty_if(true, v.options());
  const double curvature = c.item<double>(), largest = F::largest(result);
  AT_DISPATCH_FLOATING_TYPES(v.scalar_type(), "radial_map", [&] {
    const auto* from = vs.const_data_ptr<scalar_t>();
    auto* to = out.mutable_data_ptr<scalar_t>();
    layout.for_each_chunk([&](int64_t, int64_t group, int64_t first, int64_t n) {
      forward_chunk<F>(layout.chunk(from, vs, group, first), layout.size(), n, curvature, largest,
                       layout.chunk(to, out, group, first));
    });
  });
  return layout.restore(out);
}

template <typename F>
RadialGradients backward(const Tensor& grad, const Tensor& v, const Tensor& c, int64_t dim) {
  const PointLayout layout(v.sizes(), dim, {v});
  const Tensor vs = layout.arrange(v), gs = layout.arrange(grad);
  const Tensor by_v = layout.empty_if(true, v.options());
  const double curvature = c.item<double>();
  std::vector<double> by_c(layout.tasks());
  AT_DISPATCH_FLOATING_TYPES(v.scalar_type(), "radial_map", [&] {
    const auto *pv = vs.const_data_ptr<scalar_t>(), *pg = gs.const_data_ptr<scalar_t>();
    auto* to = by_v.mutable_data_ptr<scalar_t>();
    layout.for_each_chunk([&](int64_t task, int64_t group, int64_t first, int64_t n) {
      by_c[task] = backward_chunk<F>(
          layout.chunk(pv, vs, group, first), layout.chunk(pg, gs, group, first), layout.size(), n,
          curvature, layout.chunk(to, by_v, group, first));
    });
  });
  return {layout.restore(by_v), sum_of(by_c)};
}

}  // namespace

const RadialEvaluation expmap0_cpu{&forward<ExpForm>, &backward<ExpForm>};
const RadialEvaluation logmap0_cpu{&forward<LogForm>, &backward<LogForm>};

}  // namespace gyroseg::detail
