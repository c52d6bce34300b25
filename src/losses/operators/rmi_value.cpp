#include "rmi_value.h"

#include <tuple>

namespace gyroseg::losses {
namespace {

using torch::Tensor;

constexpr double kAlpha = 1e-3;     ///< a: HSSN's, against scatter (sums), not covariance
constexpr double kDiagonal = 1e-8;  ///< inside the logarithm, as in Zhao et al.'s code

/// cholesky_ex reports failures instead of throwing them.
Tensor factor(const Tensor& matrices) { return std::get<0>(at::linalg_cholesky_ex(matrices)); }

}  // namespace

RmiValue rmi_value(const Tensor& products, bool with_gradient) {
  const std::int64_t n = products.size(1) / 2;
  const Tensor unit = at::eye(n, products.options());
  const auto block = [&](std::int64_t row, std::int64_t column) {
    return products.narrow(1, row * n, n).narrow(2, column * n, n);
  };
  // S_pp + a I = L L^T, W = L^-1 S_py: S_yp (S_pp + a I)^-1 S_py = W^T W stays symmetric.
  const Tensor low = factor(block(1, 1) + kAlpha * unit);
  const Tensor w = at::linalg_solve_triangular(low, block(1, 0), /*upper=*/false);
  const Tensor root = factor(block(0, 0) - w.mT().matmul(w) + kAlpha * unit);
  const Tensor diagonal = root.diagonal(0, -2, -1);
  RmiValue result{(diagonal + kDiagonal).log().sum(-1) / static_cast<double>(n), {}};
  if (!with_gradient) {
    return result;
  }
  // By M = root root^T: 1/2 root^-T diag(r/(r + 1e-8)) root^-1 / n.
  const Tensor inverse =
      at::linalg_solve_triangular(root, unit.expand_as(root), /*upper=*/false);
  const Tensor share = diagonal / (diagonal + kDiagonal) / (2.0 * static_cast<double>(n));
  const Tensor by_m = inverse.mT().matmul(share.unsqueeze(-1) * inverse);
  // By S_yp: -2 by_m A, by S_pp: A^T by_m A, with A = S_yp (S_pp + a I)^-1.
  const Tensor a = at::linalg_solve_triangular(low.mT(), w, /*upper=*/true).mT();
  const Tensor by_yp = -2.0 * by_m.matmul(a);
  const Tensor by_pp = a.mT().matmul(by_m).matmul(a);
  result.by_patch = at::cat({by_yp.mT(), 2.0 * by_pp}, -1).contiguous();
  return result;
}

}  // namespace gyroseg::losses
