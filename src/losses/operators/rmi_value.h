#pragma once

#include <torch/types.h>

namespace gyroseg::losses {

struct RmiValue {
  torch::Tensor value;     ///< [N] 1/2 log det(S_yy - S_yp (S_pp + a I)^-1 S_py + a I) / n
  torch::Tensor by_patch;  ///< [N,n,2n] G: the value's gradient by p_i is G (x_i - mean)
};

/// From the scatter of patches (y_i, p_i), [N,2n,2n] float64; a = 1e-3,
/// log det = 2 sum log(diagonal of the Cholesky factor + 1e-8). a I keeps constant maps regular;
/// NaN gives NaN, never an error.
RmiValue rmi_value(const torch::Tensor& products, bool with_gradient);

}  // namespace gyroseg::losses
