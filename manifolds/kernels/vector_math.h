#pragma once

#include <cmath>

#include "manifolds/kernels/instruction_sets.h"
#include "manifolds/kernels/series.h"

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && defined(__GLIBC_PREREQ)
#if __GLIBC_PREREQ(2, 35)
// glibc's vector functions (libmvec, error up to 4 ulp): with this the compiler may call them in a
// loop marked `omp simd`, without -ffast-math, which would lose NaN and the order of sums.
extern "C" {
__attribute__((simd("notinbranch"), const)) double exp(double) noexcept;
__attribute__((simd("notinbranch"), const)) double expm1(double) noexcept;
__attribute__((simd("notinbranch"), const)) double log(double) noexcept;
__attribute__((simd("notinbranch"), const)) double log1p(double) noexcept;
}
#endif
#endif

namespace gyroseg::detail {

/// asinh q for 0 <= q < 1e150, exact to a few ulp at every size; root = sqrt(1 + q^2).
GYROSEG_INLINE double asinh_of(double q, double root) { return ::log1p(q + q * q / (1 + root)); }

/// sum of coefficients[i] u^i, the last first.
template <int N>
GYROSEG_INLINE double polynomial(const double (&coefficients)[N], double u) {
  double sum = coefficients[N - 1];
  for (int i = N - 2; i >= 0; --i) sum = sum * u + coefficients[i];
  return sum;
}

/// psi(u) of derivations.md, given phi = asinh(sqrt u)/sqrt u and root = sqrt(1 + u).
GYROSEG_INLINE double psi_of(double u, double phi, double root) {
  const double closed = (1 / root - phi) / u;
  return u < kPsiBound ? polynomial(kPsiSeries, u) : closed;
}

}  // namespace gyroseg::detail
