#pragma once

#include <torch/types.h>

#include "manifolds/stable_math.h"

namespace gyroseg::detail {

// angle_cpu.h for tensors, float64; sums over `dim` keep it.

/// Lengths and directions; a zero vector has direction 0.
struct Polar {
  torch::Tensor length, is_zero, safe_length, direction;

  Polar(const torch::Tensor& v, int64_t dim)
      : length(at::linalg_vector_norm(v, 2, dim, /*keepdim=*/true)),
        is_zero(length == 0),
        safe_length(torch::where(is_zero, 1.0, length)),
        direction(v / safe_length) {}
};

/// Angle between v and w: sin^2(angle/2), and the parts of each direction across the other.
struct PolarAngle {
  torch::Tensor sin2_half, v_across_w, w_across_v;
};

/// The wedge of v and w by the pivot w_j of largest magnitude is exact, so parallel vectors give
/// exactly 0 and neighbours keep all digits. Beyond a right angle nothing cancels and the cosine
/// itself serves.
inline PolarAngle angle_between(const torch::Tensor& v, const Polar& pv, const torch::Tensor& w, const Polar& pw, int64_t dim,
                    bool exact_products) {
  const auto dot = [dim](const torch::Tensor& a, const torch::Tensor& b) { return (a * b).sum(dim, true); };
  const torch::Tensor cosine = dot(pv.direction, pw.direction);
  const torch::Tensor blunt = cosine <= 0;
  const torch::Tensor pivot = w.abs().argmax(dim, true);
  const torch::Tensor wj = w.gather(dim, pivot), vj = v.gather(dim, pivot);
  const torch::Tensor wedge =
      difference_of_products(v, wj, vj, w, exact_products) / torch::where(wj == 0, 1.0, wj);
  const torch::Tensor across = wedge - dot(wedge, pw.direction) * pw.direction;
  PolarAngle angle;
  angle.sin2_half = torch::where(
      blunt, (1 - cosine) / 2, dot(across, across) / (2 * pv.safe_length.square() * (1 + cosine)));
  angle.v_across_w =
      torch::where(blunt, pv.direction - cosine * pw.direction, across / pv.safe_length);
  // wh - ct vh = |tw|^2 wh - ct tw with tw = vh - ct wh: the exact part serves both directions.
  angle.w_across_v =
      dot(angle.v_across_w, angle.v_across_w) * pw.direction - cosine * angle.v_across_w;
  return angle;
}

}  // namespace gyroseg::detail
