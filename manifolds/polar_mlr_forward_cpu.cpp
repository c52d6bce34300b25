#include <torch/types.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "manifolds/polar_mlr_kernels.h"
#include "manifolds/polar_mlr_layout.h"

namespace gyroseg::detail {
namespace {

using torch::Tensor;

/// Copies a block to float64 (rows [n,d], else [d,n]) and measures its vectors, in one reading.
template <typename T>
void cast_and_measure(const T* v, const Layout& layout, int64_t n, double* copy, double* lengths) {
  for_each_chunk(n, [&](int64_t first, int64_t count) {
    double* length = lengths + first;
    if (layout.rows) {
      for (int64_t q = 0; q < count; ++q) {
        const T* from = v + (first + q) * layout.d;
        double* to = copy + (first + q) * layout.d;
        double sum = 0;
        for (int64_t d = 0; d < layout.d; ++d) {
          to[d] = from[d];
          sum += to[d] * to[d];
        }
        length[q] = std::sqrt(sum);
      }
      return;
    }
    std::array<double, kChunk> sum{};
    for (int64_t d = 0; d < layout.d; ++d) {
      const T* from = v + d * layout.pixels + first;
      double* to = copy + d * n + first;
      for (int64_t q = 0; q < count; ++q) {
        const double x = from[q];
        to[q] = x;
        sum[q] += x * x;
      }
    }
    for (int64_t q = 0; q < count; ++q) length[q] = std::sqrt(sum[q]);
  });
}

/// Logits of a block from its products <v,z>, whose pixel and class strides are sq and sk.
template <typename T>
struct BlockLogits {
  const Layout& layout;
  const std::vector<MlrClass>& classes;
  double root_c;

  void operator()(const double* dots, int64_t sq, int64_t sk, const double* lengths, int64_t n,
                  T* logits) const {
    for_each_chunk(n, [&](int64_t from, int64_t count) {
      const PixelChunk pixels(lengths + from, count, root_c);
      const int64_t stride = layout.pixel_stride(layout.k);
      ChunkArray dot, logit;
      PairChunk pair;
      for (int64_t k = 0; k < layout.k; ++k) {
        load(dots + k * sk + from * sq, sq, count, dot);
        pair.fill(dot, pixels, classes[k]);
        chunk_logits(pair, pixels, classes[k], root_c, logit);
        store(logit, stride, count, logits + from * stride + k * layout.channel_stride());
      }
    });
  }
};

template <typename T>
MlrForward forward(const Tensor& v, const Tensor& z, const Tensor& r, double c, bool keep) {
  const Layout layout(v, z.size(0));
  const auto classes = classes_of(z, r, std::sqrt(c));
  const BlockLogits<T> block_logits{layout, classes, std::sqrt(c)};
  const Tensor normals = z.to(torch::kFloat64);
  const auto f64 = v.options().dtype(torch::kFloat64);
  const int64_t largest = std::min(kBlockPixels, layout.pixels);
  auto sizes = v.sizes().vec();
  sizes[1] = layout.k;
  MlrForward out;
  out.logits = torch::empty(sizes, v.options());
  out.lengths = layout.rows ? torch::empty({layout.pixels}, f64)
                            : torch::empty({layout.groups, layout.pixels}, f64);
  if (keep) out.dots = torch::empty(sizes, f64);
  const Tensor copy = torch::empty({layout.d * largest}, f64);
  const Tensor products = keep ? Tensor() : torch::empty({layout.k * largest}, f64);

  for_each_block(layout, [&](int64_t group, int64_t first, int64_t n) {
    double* lengths = out.lengths.mutable_data_ptr<double>() + group * layout.pixels + first;
    cast_and_measure(v.const_data_ptr<T>() + layout.at(group, first, layout.d, 0), layout, n,
                     copy.mutable_data_ptr<double>(), lengths);
    const Tensor x = layout.block(copy, layout.d, n);
    Tensor dots =
        keep ? layout.matrix(out.dots, group, first, n) : layout.block(products, layout.k, n);
    if (layout.rows)
      at::mm_out(dots, x, normals.t());
    else
      at::mm_out(dots, normals, x);
    block_logits(dots.const_data_ptr<double>(), dots.stride(layout.rows ? 0 : 1),
                 dots.stride(layout.rows ? 1 : 0), lengths, n,
                 out.logits.template mutable_data_ptr<T>() + layout.at(group, first, layout.k, 0));
  });
  return out;
}

}  // namespace

MlrForward mlr_forward_cpu(const Tensor& v, const Tensor& z, const Tensor& r, double c, bool keep) {
  return v.scalar_type() == torch::kFloat64 ? forward<double>(v, z, r, c, keep)
                                            : forward<float>(v, z, r, c, keep);
}

}  // namespace gyroseg::detail
