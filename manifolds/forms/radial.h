#pragma once

#include <torch/types.h>

namespace gyroseg::detail {

// Even functions of a length t, as smooth functions of q = t^2 >= 0: float64 tensors,
// differentiable everywhere (at q = 0 too), right to a few roundings, gradients to some 1e-14. By
// series near 0, where closed forms divide 0 by 0, else by the closed form.

torch::Tensor tanh_ratio(const torch::Tensor& q);      ///< tanh(t)/t
torch::Tensor sech_square(const torch::Tensor& q);     ///< 1/cosh(t)^2
torch::Tensor sinh_ratio(const torch::Tensor& q);      ///< sinh(t)/t
torch::Tensor asinh_ratio(const torch::Tensor& q);     ///< asinh(t)/t: phi of derivations.md
torch::Tensor sin_ratio(const torch::Tensor& q);       ///< sin(t)/t
torch::Tensor atan_ratio(const torch::Tensor& q);      ///< atan(t)/t
torch::Tensor log_sinh_ratio(const torch::Tensor& q);  ///< log(sinh(t)/t), without overflow

/// sinh(s t)/sinh(t) and sin(s t)/sin(t), s where t = 0.
torch::Tensor sinh_quotient(const torch::Tensor& s, const torch::Tensor& q);
torch::Tensor sin_quotient(const torch::Tensor& s, const torch::Tensor& q);

}  // namespace gyroseg::detail
