#include <ATen/Dispatch.h>
#include <ATen/Parallel.h>
#include <torch/types.h>

#include <numeric>
#include <vector>

#include "manifolds/kernels/flat_pairs.h"
#include "manifolds/kernels/operator_arguments.h"
#include "manifolds/kernels/polar_pair.h"
#include "manifolds/kernels/triplet_kernel.h"

namespace gyroseg::detail {
namespace {

using torch::Tensor;

/// Where the vector of a pixel starts in a tensor [B,D,H,W] of any strides.
class PixelOffsets {
 public:
  explicit PixelOffsets(const Tensor& t)
      : width_(t.size(3)), area_(t.size(2) * t.size(3)), image_(t.stride(0)), row_(t.stride(2)),
        column_(t.stride(3)) {}

  [[nodiscard]] int64_t operator[](int64_t pixel) const {
    const int64_t inside = pixel % area_;
    return pixel / area_ * image_ + inside / width_ * row_ + inside % width_ * column_;
  }

 private:
  int64_t width_, area_, image_, row_, column_;
};

/// What all triplets share, as plain numbers.
struct Plan {
  int64_t count, d, channel;
  const int64_t* pixels;
  const double *margins, *shares;
  double scale, c;
};

/// Results of every triplet; gradients null unless wanted.
template <typename T>
struct Results {
  double *values, *by_c;
  T* by_vectors;
  bool* active;
};

/// Triplets [begin, end). S: the embedding's dtype; T: the one inside.
template <template <typename> class Pair, typename S, typename T>
GYROSEG_EVERY_ISA void triplets_of(const Plan& plan, const S* embedding,
                                   const PixelOffsets& offsets, int64_t begin, int64_t end,
                                   const Results<T>& out) {
  const int64_t d = plan.d, count = plan.count;
  std::vector<T> rows(3 * d), pull(d);
  T *anchor = rows.data(), *positive = anchor + d, *negative = positive + d;
  Pair<T> near(d, plan.c), far(d, plan.c);
  for (int64_t i = begin; i < end; ++i) {
    for (int64_t role = 0; role < 3; ++role) {
      const S* from = embedding + offsets[plan.pixels[role * count + i]];
      for (int64_t k = 0; k < d; ++k) rows[role * d + k] = static_cast<T>(from[k * plan.channel]);
    }
    const double gap = near.distance(anchor, positive) - far.distance(anchor, negative);
    const double hinge = plan.scale * gap + plan.margins[i];
    out.values[i] = hinge > 0 ? plan.shares[i] * hinge : hinge <= 0 ? 0 : hinge;  // NaN stays NaN
    if (out.by_vectors == nullptr) continue;
    out.active[i] = !(hinge <= 0);
    if (hinge <= 0) continue;
    const double grad = plan.shares[i] * plan.scale;
    T* by_anchor = out.by_vectors + i * d;
    out.by_c[i] = near.gradient(anchor, positive, grad, pull.data(), by_anchor + count * d) +
                  far.gradient(anchor, negative, -grad, by_anchor, by_anchor + 2 * count * d);
    for (int64_t k = 0; k < d; ++k) by_anchor[k] += pull[k];
  }
}

template <template <typename> class Pair, typename S, typename T>
TripletSum sum_with(const Tensor& embedding, const TripletTerms& terms, double c, bool wanted) {
  const int64_t count = terms.pixels.size(1), d = embedding.size(1);
  const Tensor pixels = terms.pixels.contiguous();
  const Tensor margins = terms.margins.contiguous(), shares = terms.shares.contiguous();
  const Plan plan{count,
                  d,
                  embedding.stride(1),
                  pixels.const_data_ptr<int64_t>(),
                  margins.const_data_ptr<double>(),
                  shares.const_data_ptr<double>(),
                  terms.scale,
                  c};
  TripletSum sum;
  if (wanted) {
    sum.by_vectors = torch::empty({3, count, d}, c10::CppTypeToScalarType<T>::value);
    sum.active = torch::empty({count}, torch::kBool);
  }
  std::vector<double> values(count), by_c(count);
  const Results<T> results{values.data(), by_c.data(),
                           wanted ? sum.by_vectors.template mutable_data_ptr<T>() : nullptr,
                           wanted ? sum.active.template mutable_data_ptr<bool>() : nullptr};
  const PixelOffsets offsets(embedding);
  const S* from = embedding.const_data_ptr<S>();
  constexpr int64_t kGrain = 64;
  at::parallel_for(0, count, kGrain, [&](int64_t begin, int64_t end) {
    triplets_of<Pair, S, T>(plan, from, offsets, begin, end, results);
  });
  sum.value = std::accumulate(values.begin(), values.end(), 0.0);
  sum.by_c = std::accumulate(by_c.begin(), by_c.end(), 0.0);
  return sum;
}

template <typename S, typename T>
TripletSum sum_as(const Tensor& embedding, const TripletTerms& terms, TangentDistance distance,
                  double c, bool wanted) {
  switch (distance) {
    case TangentDistance::norm:
      return sum_with<EuclideanPair, S, T>(embedding, terms, c, wanted);
    case TangentDistance::cosine:
      return sum_with<CosinePair, S, T>(embedding, terms, c, wanted);
    case TangentDistance::polar:
      return sum_with<PolarPair, S, T>(embedding, terms, c, wanted);
    case TangentDistance::other:
      break;
  }
  TORCH_INTERNAL_ASSERT(false, "no fused triplets for this distance");
}

/// Channels [begin, end) of the gradient.
template <typename T>
void scatter_channels(const TripletSum& sum, const int64_t* pixels, const PixelOffsets& offsets,
                      int64_t channel, double factor, int64_t begin, int64_t end, T* to) {
  const int64_t count = sum.by_vectors.size(1), d = sum.by_vectors.size(2);
  const T* rows = sum.by_vectors.const_data_ptr<T>();
  const bool* active = sum.active.const_data_ptr<bool>();
  const T f = static_cast<T>(factor);
  for (int64_t i = 0; i < count; ++i) {
    if (!active[i]) continue;
    for (int64_t role = 0; role < 3; ++role) {
      const T* row = rows + (role * count + i) * d;
      T* pixel = to + offsets[pixels[role * count + i]];
      for (int64_t k = begin; k < end; ++k) pixel[k * channel] += f * row[k];
    }
  }
}

}  // namespace

TripletSum triplet_sum_cpu(const Tensor& embedding, const TripletTerms& terms,
                           TangentDistance distance, double c, bool with_gradients) {
  TripletSum sum;
  AT_DISPATCH_FLOATING_TYPES_AND2(
      torch::kBFloat16, torch::kHalf, embedding.scalar_type(), "triplet_sum", [&] {
        using Inside = std::conditional_t<std::is_same_v<scalar_t, double>, double, float>;
        sum = sum_as<scalar_t, Inside>(embedding, terms, distance, c, with_gradients);
      });
  return sum;
}

Tensor scatter_triplets_cpu(const TripletSum& sum, const Tensor& pixels, const Tensor& embedding,
                            double factor) {
  const Tensor to = torch::zeros_like(embedding, embedding.options().dtype(sum.by_vectors.dtype()));
  const Tensor from = pixels.contiguous();
  const PixelOffsets offsets(to);
  constexpr int64_t kGrain = 8;  // channels
  AT_DISPATCH_FLOATING_TYPES(to.scalar_type(), "scatter_triplets", [&] {
    auto* data = to.mutable_data_ptr<scalar_t>();
    at::parallel_for(0, to.size(1), kGrain, [&](int64_t begin, int64_t end) {
      scatter_channels(sum, from.const_data_ptr<int64_t>(), offsets, to.stride(1), factor, begin,
                       end, data);
    });
  });
  return to.to(embedding.scalar_type());
}

}  // namespace gyroseg::detail
