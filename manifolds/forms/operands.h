#pragma once

#include <torch/types.h>

#include <initializer_list>
#include <optional>
#include <string>
#include <vector>

#include "manifolds/curvature.h"

namespace gyroseg::detail {

/// The arguments of a function on points that is composed of tensor operations: checked, and cast
/// to float64 (B1, B13: the hyperbolic plane leaves no digits to spare).
class Operands {
 public:
  struct Named {
    const char* name;
    const torch::Tensor& tensor;
  };

  /// All floating point, on one device, broadcastable, with the same size along `dim`, which counts
  /// in their common shape. Throws c10::ValueError.
  Operands(const char* op, std::initializer_list<Named> named, int64_t dim);

  /// Argument i as float64.
  [[nodiscard]] const torch::Tensor& operator[](size_t i) const { return wide_[i]; }
  /// `dim` from the back: the same axis in every argument.
  [[nodiscard]] int64_t dim() const { return dim_; }
  /// The widest dtype given, which results have.
  [[nodiscard]] torch::Dtype dtype() const { return dtype_; }
  /// No argument is float64: products of two coordinates are exact in float64.
  [[nodiscard]] bool exact_products() const { return dtype_ != torch::kFloat64; }

  /// Sums of products along dim, which is kept.
  [[nodiscard]] torch::Tensor dot(const torch::Tensor& a, const torch::Tensor& b) const {
    return (a * b).sum(dim_, true);
  }
  [[nodiscard]] torch::Tensor square(const torch::Tensor& a) const { return dot(a, a); }
  /// 1 - c|x|^2 of points, right to rounding; dim kept. Outside the ball NaN.
  [[nodiscard]] torch::Tensor gap(const torch::Tensor& x, const torch::Tensor& c) const;
  /// One number for each point, of the points' shape without dim, with dim put back.
  [[nodiscard]] torch::Tensor scalars(const torch::Tensor& t) const;
  /// A result in the dtype of the arguments.
  [[nodiscard]] torch::Tensor narrow(const torch::Tensor& t) const { return t.to(dtype_); }

 private:
  std::vector<torch::Tensor> wide_;
  int64_t dim_ = -1;
  torch::Dtype dtype_ = torch::kFloat64;
};

/// `value` with the gradient of `formula`: for a quantity known more exactly than by the formula
/// that is differentiated.
torch::Tensor with_value(const torch::Tensor& formula, const torch::Tensor& value);

/// Points held inside the ball in their dtype, as the fused operators hold them: their gradient
/// stays the true one. gap: 1 - c|x|^2 of the points, dim kept.
torch::Tensor held_inside(const torch::Tensor& points, const torch::Tensor& gap,
                          torch::Dtype dtype);

/// Half a unit in the last place of 1: what rounding a number to the dtype changes, relatively.
[[nodiscard]] double rounding(torch::Dtype dtype);

/// |x[i] - y[j]| of x [N,D] and y [M,D] in the wider dtype, from direct differences; gradient 0
/// where they are equal. Throws c10::ValueError.
torch::Tensor direct_cdist(const char* op, const torch::Tensor& x, const torch::Tensor& y);

/// x and y are [N,A] and [M,A]. Throws c10::ValueError.
void check_rows(const char* op, const torch::Tensor& x, const torch::Tensor& y);

/// Points and weights of a mean with the axis of the points first and coordinates last, float64:
/// x [n,..,A], weights [n,..,1] with sum 1 (NaN where their sum is not > 0).
struct WeightedPoints {
  torch::Tensor x, weights;

  WeightedPoints(const char* op, const torch::Tensor& points,
                 const std::optional<torch::Tensor>& given, int64_t along, int64_t dim);

  /// [..,A] with the coordinates where they were, in the dtype of the points.
  [[nodiscard]] torch::Tensor restore(const torch::Tensor& mean) const;

 private:
  int64_t place_ = 0;  ///< of the coordinates in the result
  torch::Dtype dtype_ = torch::kFloat64;
};

}  // namespace gyroseg::detail
