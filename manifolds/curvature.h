#pragma once

#include <torch/types.h>

namespace gyroseg {

/// The curvature parameter c > 0 of a hyperbolic space: sectional curvature -c, radius of the ball
/// 1/sqrt(c). A number, a tensor of the caller's, or learnable.
///
///   Learnable  c = c0 e^t with a parameter t that starts at 0: the first value is exactly c0, and c
///              stays positive whatever the optimiser does (hyperbolic.md, contract 5)
///   Copies     share the parameter
///   Throws     c10::ValueError unless c0 is finite and > 0; a tensor's value is checked by the
///              operator that uses it
class Curvature {
 public:
  Curvature(double c);                // NOLINT(google-explicit-constructor): a number is a curvature
  Curvature(const torch::Tensor& c);  // NOLINT(google-explicit-constructor): 0-dim, floating point

  [[nodiscard]] static Curvature learnable(double c0);

  /// c as a 0-dim tensor; float64 unless the caller's tensor has another dtype. Differentiable in
  /// the parameter, or in the caller's tensor.
  [[nodiscard]] torch::Tensor tensor() const;
  /// c as a number. Waits for the device where the tensor lives on one.
  [[nodiscard]] double value() const;
  /// t of c = c0 e^t, 0-dim float64, to be given to an optimiser; undefined unless learnable.
  [[nodiscard]] const torch::Tensor& parameter() const { return parameter_; }

 private:
  torch::Tensor c_;  ///< c, or c0
  torch::Tensor parameter_;
};

}  // namespace gyroseg
