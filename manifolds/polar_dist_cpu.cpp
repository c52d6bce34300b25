#include <ATen/ExpandUtils.h>
#include <ATen/Parallel.h>
#include <torch/types.h>

#include <cmath>
#include <numbers>
#include <type_traits>
#include <vector>

#include "manifolds/polar_dist_kernels.h"
#include "manifolds/stable_math.h"

namespace gyroseg::detail {
namespace {

using torch::Tensor;

/// Rows of one task.
constexpr int64_t kGrain = 512;

/// Section C for one pair of rows; polar_dist_composite.cpp has the same steps with their reasons.
template <typename T>
class RowPair {
 public:
  RowPair(int64_t d, double c) : d_(d), root_c_(std::sqrt(c)), across_(d) {}

  /// The distance; gradients are written where by_v is not null.
  double evaluate(const T* v, const T* w, T* by_v, T* by_w) {
    measure(v, w);
    find_angle(v, w);
    delta_ = a_ + b_ == 0 ? 0 : root_c_ * difference_ / (a_ + b_);
    radial_ = 2 * log_sinh(std::abs(delta_));
    angular_ = log_sinh(2 * root_c_ * a_) + log_sinh(2 * root_c_ * b_) + std::log(sin2_half_);
    log_u_ = log_add(radial_, angular_);
    if (by_v != nullptr) write_gradients(v, w, by_v, by_w);
    const double half = log_u_ / 2;
    return 2 / root_c_ *
           (half < kAsinhIsLog ? std::asinh(std::exp(half)) : half + std::numbers::ln2);
  }

 private:
  void measure(const T* v, const T* w) {
    double vv = 0, ww = 0, vw = 0, largest = -1;
    difference_ = 0;
    for (int64_t i = 0; i < d_; ++i) {
      const double x = v[i], y = w[i];
      vv += x * x;
      ww += y * y;
      vw += x * y;
      difference_ += (x - y) * (x + y);
      if (std::abs(y) > largest) {
        largest = std::abs(y);
        pivot_ = i;
      }
    }
    a_ = std::sqrt(vv);
    b_ = std::sqrt(ww);
    inverse_a_ = a_ == 0 ? 0 : 1 / a_;
    inverse_b_ = b_ == 0 ? 0 : 1 / b_;
    cosine_ = vw * inverse_a_ * inverse_b_;
  }

  static double wedge(double a, double b, double c, double d) {
    if constexpr (std::is_same_v<T, double>) return difference_of_products(a, b, c, d);
    return a * b - c * d;  // both products of float32 values are exact
  }

  void find_angle(const T* v, const T* w) {
    if (!(cosine_ > 0)) {
      sin2_half_ = (1 - cosine_) / 2;
      for (int64_t i = 0; i < d_; ++i)
        across_[i] = v[i] * inverse_a_ - cosine_ * (w[i] * inverse_b_);
    } else {
      double along = 0, square = 0;
      for (int64_t i = 0; i < d_; ++i) {
        across_[i] = wedge(v[i], w[pivot_], v[pivot_], w[i]) / w[pivot_];
        along += across_[i] * (w[i] * inverse_b_);
      }
      for (int64_t i = 0; i < d_; ++i) {
        across_[i] = (across_[i] - along * (w[i] * inverse_b_)) * inverse_a_;
        square += across_[i] * across_[i];
      }
      sin2_half_ = square / (2 * (1 + cosine_));
    }
    across2_ = 0;
    for (int64_t i = 0; i < d_; ++i) across2_ += across_[i] * across_[i];
  }

  void write_gradients(const T* v, const T* w, T* by_v, T* by_w) const {
    if (std::isinf(log_u_) && log_u_ < 0) {  // equal points
      for (int64_t i = 0; i < d_; ++i) by_v[i] = by_w[i] = 0;
      return;
    }
    const double tanh_half = 1 / std::sqrt(1 + std::exp(-log_u_));
    const double angular = std::exp(angular_ - log_u_);
    const double density = sin2_half_ == 0 ? 0 : angular / sin2_half_;
    const double pull = delta_ == 0 ? 0 : std::exp(radial_ - log_u_) / std::tanh(delta_);
    const double twice_v = 2 * root_c_ * a_, twice_w = 2 * root_c_ * b_;
    const double out_v = 2 * tanh_half * (pull + (a_ == 0 ? 0 : angular / std::tanh(twice_v)));
    const double out_w = 2 * tanh_half * (-pull + (b_ == 0 ? 0 : angular / std::tanh(twice_w)));
    const double turn_v = a_ == 0 ? 0 : tanh_half * density / twice_v;
    const double turn_w = b_ == 0 ? 0 : tanh_half * density / twice_w;
    for (int64_t i = 0; i < d_; ++i) {
      const double vh = v[i] * inverse_a_, wh = w[i] * inverse_b_;
      const double w_across_v = across2_ * wh - cosine_ * across_[i];
      by_v[i] = static_cast<T>(a_ == 0 ? -2 * wh : out_v * vh - turn_v * w_across_v);
      by_w[i] = static_cast<T>(b_ == 0 ? -2 * vh : out_w * wh - turn_w * across_[i]);
    }
  }

  int64_t d_;
  double root_c_;
  std::vector<double> across_;  ///< part of v/|v| across w
  int64_t pivot_ = 0;
  double a_ = 0, b_ = 0, inverse_a_ = 0, inverse_b_ = 0, cosine_ = 0, difference_ = 0;
  double sin2_half_ = 0, across2_ = 0, delta_ = 0, radial_ = 0, angular_ = 0, log_u_ = 0;
};

template <typename T>
PolarDistance evaluate(const Tensor& v, const Tensor& w, double c, int64_t dim,
                       bool with_gradients) {
  const auto shape = at::infer_size(v.sizes(), w.sizes());
  const Tensor rows_v = v.expand(shape).movedim(dim, -1).contiguous();
  const Tensor rows_w = w.expand(shape).movedim(dim, -1).contiguous();
  const int64_t d = rows_v.size(-1), rows = rows_v.numel() / d;
  const Tensor distance = torch::empty(rows_v.sizes().slice(0, rows_v.dim() - 1), v.options());
  Tensor by_v, by_w;
  if (with_gradients) {
    by_v = torch::empty_like(rows_v);
    by_w = torch::empty_like(rows_w);
  }
  const T *pv = rows_v.const_data_ptr<T>(), *pw = rows_w.const_data_ptr<T>();
  T* out = distance.mutable_data_ptr<T>();
  T* gv = with_gradients ? by_v.mutable_data_ptr<T>() : nullptr;
  T* gw = with_gradients ? by_w.mutable_data_ptr<T>() : nullptr;
  at::parallel_for(0, rows, kGrain, [&](int64_t begin, int64_t end) {
    RowPair<T> pair(d, c);
    for (int64_t i = begin; i < end; ++i)
      out[i] =
          static_cast<T>(pair.evaluate(pv + i * d, pw + i * d, gv == nullptr ? nullptr : gv + i * d,
                                       gw == nullptr ? nullptr : gw + i * d));
  });
  if (!with_gradients) return {distance, {}, {}};
  return {distance, by_v.movedim(-1, dim), by_w.movedim(-1, dim)};
}

}  // namespace

PolarDistance polar_dist_cpu(const Tensor& v, const Tensor& w, double c, int64_t dim,
                             bool with_gradients) {
  return v.scalar_type() == torch::kFloat64 ? evaluate<double>(v, w, c, dim, with_gradients)
                                            : evaluate<float>(v, w, c, dim, with_gradients);
}

}  // namespace gyroseg::detail
