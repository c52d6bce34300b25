#include <torch/types.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "manifolds/polar_mlr_kernels.h"
#include "manifolds/polar_mlr_layout.h"
#include "manifolds/stable_math.h"

namespace gyroseg::detail {
namespace {

using torch::Tensor;

/// What a set of pixels adds to the gradients of one class: along z_k/|z_k|, and by r_k.
struct ClassSum {
  double along_z = 0, offset = 0;
};

/// The gradient in three parts: a matrix `by_dot` (gradient by each <v,z_k>, to be multiplied by z
/// and by v), a multiple of v for each pixel, and sums over pixels for each class. One call handles
/// one block.
template <typename T>
class PairwiseBackward {
 public:
  PairwiseBackward(const Tensor& grad, const MlrSaved& saved, const Layout& layout, double c)
      : layout_(layout),
        classes_(classes_of(saved.z, saved.r, std::sqrt(c))),
        root_c_(std::sqrt(c)),
        limit_(largest_gradient(saved.v.scalar_type())),
        grad_(grad.const_data_ptr<T>()),
        logits_(saved.logits.const_data_ptr<T>()),
        dots_(saved.dots.const_data_ptr<double>()),
        lengths_(saved.lengths.const_data_ptr<double>()),
        sums_(layout.k) {}

  /// by_dot: contiguous block [n,K] of rows or [K,n]. along_v: n multiples of v.
  void block(int64_t group, int64_t first, int64_t n, T* by_dot, double* along_v) {
    std::vector<ClassSum> partial((n + kChunk - 1) / kChunk * layout_.k);
    for_each_chunk(n, [&](int64_t from, int64_t count) {
      T* to = by_dot + from * layout_.pixel_stride(layout_.k);
      chunk(group, first + from, count, to, layout_.rows ? 1 : n, along_v + from,
            partial.data() + from / kChunk * layout_.k);
    });
    for (size_t i = 0; i < partial.size();
         ++i) {  // in order: no dependence on the number of threads
      sums_[i % layout_.k].along_z += partial[i].along_z;
      sums_[i % layout_.k].offset += partial[i].offset;
    }
  }

  /// Adds the classes' own directions to dz and writes dr.
  void finish(const Tensor& z, Tensor& dz, Tensor& dr) const {
    const Tensor along = torch::empty({layout_.k, 1}, z.options().dtype(torch::kFloat64));
    dr = torch::empty({layout_.k}, z.options());
    for (int64_t k = 0; k < layout_.k; ++k) {
      along.mutable_data_ptr<double>()[k] = sums_[k].along_z * classes_[k].inverse_length;
      dr.mutable_data_ptr<T>()[k] = static_cast<T>(sums_[k].offset);
    }
    dz = (dz + along * z.to(torch::kFloat64)).to(z.scalar_type());
  }

 private:
  void chunk(int64_t group, int64_t first, int64_t count, T* by_dot, int64_t class_stride,
             double* along_v, ClassSum* sums) const {
    const PixelChunk pixels(lengths_ + group * layout_.pixels + first, count, root_c_);
    const int64_t stride = layout_.pixel_stride(layout_.k);
    ChunkArray grad, dots, logits;
    PairChunk pair;
    GradientChunk g;
    std::fill_n(along_v, count, 0.0);
    for (int64_t k = 0; k < layout_.k; ++k) {
      const int64_t at = layout_.at(group, first, layout_.k, k);
      load(grad_ + at, stride, count, grad);
      load(dots_ + at, stride, count, dots);
      load(logits_ + at, stride, count, logits);
      pair.fill(dots, pixels, classes_[k]);
      g.fill(grad, dots, logits, pair, pixels, classes_[k], root_c_, limit_);
      store(g.by_dot, stride, count, by_dot + k * class_stride);
      for (int64_t q = 0; q < count; ++q) along_v[q] += g.by_length[q];
      sums[k] = {sum_of(g.by_normal, count) * classes_[k].inverse_length,
                 sum_of(g.by_offset, count)};
    }
    for (int64_t q = 0; q < count; ++q) along_v[q] *= pixels.inverse_length[q];
  }

  const Layout& layout_;
  std::vector<MlrClass> classes_;
  double root_c_, limit_;
  const T* grad_;
  const T* logits_;
  const double* dots_;
  const double* lengths_;
  std::vector<ClassSum> sums_;
};

/// to += multiple * v for n pixels of a block.
template <typename T>
void add_multiples(T* to, const T* v, const double* multiple, const Layout& layout, int64_t n) {
  for_each_chunk(n, [&](int64_t first, int64_t count) {
    const int64_t sq = layout.pixel_stride(layout.d), sd = layout.channel_stride();
    if (layout.rows) {
      for (int64_t q = first; q < first + count; ++q)
        for (int64_t d = 0; d < layout.d; ++d)
          to[q * sq + d] = static_cast<T>(to[q * sq + d] + multiple[q] * v[q * sq + d]);
      return;
    }
    for (int64_t d = 0; d < layout.d; ++d)
      for (int64_t q = first; q < first + count; ++q)
        to[d * sd + q] = static_cast<T>(to[d * sd + q] + multiple[q] * v[d * sd + q]);
  });
}

template <typename T>
MlrGradients backward(const Tensor& grad, const MlrSaved& saved, double c, bool need_v) {
  const Layout layout(saved.v, saved.z.size(0));
  PairwiseBackward<T> pairwise(grad, saved, layout, c);
  const int64_t largest = std::min(kBlockPixels, layout.pixels);
  const Tensor buffer = torch::empty({layout.k * largest}, saved.v.options());
  std::vector<double> along_v(largest);
  MlrGradients out;
  out.z = torch::zeros_like(saved.z);
  if (need_v) out.v = torch::empty_like(saved.v);

  for_each_block(layout, [&](int64_t group, int64_t first, int64_t n) {
    pairwise.block(group, first, n, buffer.mutable_data_ptr<T>(), along_v.data());
    const Tensor by_dot = layout.block(buffer, layout.k, n);
    const Tensor v = layout.matrix(saved.v, group, first, n);
    out.z.addmm_(layout.rows ? by_dot.t() : by_dot, layout.rows ? v : v.t());
    if (!need_v) return;
    Tensor dv = layout.matrix(out.v, group, first, n);
    if (layout.rows)
      at::mm_out(dv, by_dot, saved.z);
    else
      at::mm_out(dv, saved.z.t(), by_dot);
    const int64_t start = layout.at(group, first, layout.d, 0);
    add_multiples(out.v.template mutable_data_ptr<T>() + start, saved.v.const_data_ptr<T>() + start,
                  along_v.data(), layout, n);
  });
  pairwise.finish(saved.z, out.z, out.r);
  return out;
}

}  // namespace

MlrGradients mlr_backward_cpu(const Tensor& grad, const MlrSaved& saved, double c, bool need_v) {
  return saved.v.scalar_type() == torch::kFloat64 ? backward<double>(grad, saved, c, need_v)
                                                  : backward<float>(grad, saved, c, need_v);
}

}  // namespace gyroseg::detail
