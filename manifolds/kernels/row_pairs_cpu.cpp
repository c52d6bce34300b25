#include <ATen/Dispatch.h>
#include <ATen/ExpandUtils.h>
#include <torch/types.h>

#include <vector>

#include "manifolds/kernels/lorentz_pair.h"
#include "manifolds/kernels/pair_kernels.h"
#include "manifolds/kernels/point_layout.h"
#include "manifolds/kernels/polar_pair.h"

namespace gyroseg::detail {
namespace {

using torch::Tensor;

/// Points of a chunk as rows: where they lie, or copied together from channel-first pixels.
template <typename T>
class Rows {
 public:
  Rows(ChunkView<const T> from, int64_t d, int64_t n) : data_(from.data), stride_(from.point) {
    if (from.channel == 1) return;
    copy_.resize(n * d);
    for (int64_t i = 0; i < d; ++i)
      for (int64_t q = 0; q < n; ++q) copy_[q * d + i] = from.data[i * from.channel + q];
    data_ = copy_.data();
    stride_ = d;
  }
  [[nodiscard]] const T* operator[](int64_t q) const { return data_ + q * stride_; }

 private:
  const T* data_;
  int64_t stride_;
  std::vector<T> copy_;
};

/// Where a row of a gradient is written before it goes to its place.
template <typename T>
class GradientRow {
 public:
  GradientRow(ChunkView<T> to, int64_t d) : to_(to), buffer_(to.channel == 1 ? 0 : d) {}

  [[nodiscard]] T* at(int64_t q) {
    if (to_.data == nullptr) return nullptr;
    return to_.channel == 1 ? to_.data + q * to_.point : buffer_.data();
  }
  void finish(int64_t q) {
    if (to_.data == nullptr || to_.channel == 1) return;
    for (size_t i = 0; i < buffer_.size(); ++i)
      to_.data[q + static_cast<int64_t>(i) * to_.channel] = buffer_[i];
  }

 private:
  ChunkView<T> to_;
  std::vector<T> buffer_;
};

template <template <typename> class Pair, typename T>
GYROSEG_EVERY_ISA void forward_chunk(const Rows<T>& x, const Rows<T>& y, int64_t d, int64_t n,
                                     double c, T* out) {
  Pair<T> pair(d, c);
  for (int64_t q = 0; q < n; ++q) out[q] = static_cast<T>(pair.distance(x[q], y[q]));
}

template <template <typename> class Pair, typename T>
GYROSEG_EVERY_ISA double backward_chunk(const Rows<T>& x, const Rows<T>& y, const T* grad,
                                        int64_t d, int64_t n, double c, GradientRow<T> by_x,
                                        GradientRow<T> by_y) {
  Pair<T> pair(d, c);
  double by_c = 0;
  for (int64_t q = 0; q < n; ++q) {
    pair.distance(x[q], y[q]);
    by_c += pair.gradient(x[q], y[q], grad[q], by_x.at(q), by_y.at(q));
    by_x.finish(q);
    by_y.finish(q);
  }
  return by_c;
}

template <template <typename> class Pair>
Tensor forward(const Tensor& x, const Tensor& y, const Tensor& c, int64_t dim, torch::Dtype) {
  const PointLayout layout(at::infer_size(x.sizes(), y.sizes()), dim, {x, y});
  const Tensor xs = layout.arrange(x), ys = layout.arrange(y);
  const Tensor out = layout.empty_scalars(x.options());
  const double curvature = c.item<double>();
  const int64_t d = layout.size();
  AT_DISPATCH_FLOATING_TYPES(x.scalar_type(), "row_pairs", [&] {
    const auto *px = xs.const_data_ptr<scalar_t>(), *py = ys.const_data_ptr<scalar_t>();
    auto* to = out.mutable_data_ptr<scalar_t>();
    layout.for_each_chunk([&](int64_t, int64_t group, int64_t first, int64_t n) {
      const Rows<scalar_t> a(layout.chunk(px, xs, group, first), d, n);
      const Rows<scalar_t> b(layout.chunk(py, ys, group, first), d, n);
      forward_chunk<Pair, scalar_t>(a, b, d, n, curvature, to + layout.scalar(group, first));
    });
  });
  return out;
}

template <template <typename> class Pair>
PairGradients backward(const Tensor& grad, const Tensor& x, const Tensor& y, const Tensor& c,
                       int64_t dim, const PairMask& needed) {
  const PointLayout layout(at::infer_size(x.sizes(), y.sizes()), dim, {x, y});
  const Tensor xs = layout.arrange(x), ys = layout.arrange(y), gs = layout.arrange_scalars(grad);
  const Tensor by_x = layout.empty_if(needed[0], x.options());
  const Tensor by_y = layout.empty_if(needed[1], x.options());
  const double curvature = c.item<double>();
  const int64_t d = layout.size();
  std::vector<double> by_c(layout.tasks());
  AT_DISPATCH_FLOATING_TYPES(x.scalar_type(), "row_pairs", [&] {
    const auto *px = xs.const_data_ptr<scalar_t>(), *py = ys.const_data_ptr<scalar_t>();
    const auto* pg = gs.const_data_ptr<scalar_t>();
    auto *to_x = data_of<scalar_t>(by_x), *to_y = data_of<scalar_t>(by_y);
    layout.for_each_chunk([&](int64_t task, int64_t group, int64_t first, int64_t n) {
      const Rows<scalar_t> a(layout.chunk(px, xs, group, first), d, n);
      const Rows<scalar_t> b(layout.chunk(py, ys, group, first), d, n);
      by_c[task] = backward_chunk<Pair, scalar_t>(
          a, b, pg + layout.scalar(group, first), d, n, curvature,
          GradientRow<scalar_t>(layout.chunk(to_x, by_x, group, first), d),
          GradientRow<scalar_t>(layout.chunk(to_y, by_y, group, first), d));
    });
  });
  return {layout.restore(by_x), layout.restore(by_y), sum_of(by_c)};
}

}  // namespace

const PairEvaluation polar_dist_cpu{&forward<PolarPair>, &backward<PolarPair>};
const PairEvaluation lorentz_dist_cpu{&forward<LorentzPair>, &backward<LorentzPair>};

}  // namespace gyroseg::detail
