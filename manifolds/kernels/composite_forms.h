#pragma once

#include <torch/types.h>

#include <limits>
#include <utility>

#include "manifolds/kernels/series.h"
#include "manifolds/stable_math.h"

namespace gyroseg::detail {

// The forms of ball_pairs.h, point_sums.h and radial_forms.h as float64 tensor operations. Sums over
// `dim` keep it.

/// 1 - c|x|^2 with the rounding errors of the sum of squares added back (B1), NaN unless > 0; and
/// |x|^2.
struct Gap {
  torch::Tensor gap, square;

  Gap(const torch::Tensor& x, const torch::Tensor& c, int64_t dim) {
    torch::Tensor sum = x * x, rest = product_error(x, x, sum);
    while (sum.size(dim) > 1) {  // pairwise, each addition with its error (Knuth's TwoSum)
      const int64_t half = sum.size(dim) / 2, left = sum.size(dim) - 2 * half;
      const torch::Tensor a = sum.narrow(dim, 0, half), b = sum.narrow(dim, half, half);
      const torch::Tensor total = a + b, part = total - a;
      const torch::Tensor error = (a - (total - part)) + (b - part) + rest.narrow(dim, 0, half) +
                                  rest.narrow(dim, half, half);
      sum = at::cat({total, sum.narrow(dim, 2 * half, left)}, dim);
      rest = at::cat({error, rest.narrow(dim, 2 * half, left)}, dim);
    }
    const torch::Tensor product = c * sum;
    const torch::Tensor value = (1 - product) - product_error(c, sum, product) - c * rest;
    gap = torch::where(value > 0, value, std::numeric_limits<double>::quiet_NaN());
    square = sum;
  }
};

/// coefficients[0] + coefficients[1] u + ...
template <int N>
torch::Tensor polynomial(const double (&coefficients)[N], const torch::Tensor& u) {
  torch::Tensor sum = torch::full_like(u, coefficients[N - 1]);
  for (int i = N - 2; i >= 0; --i) sum = sum * u + coefficients[i];
  return sum;
}

/// psi(u) of derivations.md, given phi = asinh(sqrt u)/sqrt u and root = sqrt(1 + u).
inline torch::Tensor psi_of(const torch::Tensor& u, const torch::Tensor& phi,
                            const torch::Tensor& root) {
  return torch::where(u < kPsiBound, polynomial(kPsiSeries, u), (1 / root - phi) / u);
}

}  // namespace gyroseg::detail
