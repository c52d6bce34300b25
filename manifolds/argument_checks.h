#pragma once

#include <torch/types.h>

#include <algorithm>
#include <cmath>

namespace gyroseg::detail {

/// What every operator asks of its arguments, so that every message reads alike. All throw
/// c10::ValueError.

inline void check_curvature(const char* op, double c) {
  TORCH_CHECK_VALUE(std::isfinite(c) && c > 0, op,
                    ": curvature parameter c must be finite and > 0, got ", c);
}

/// float64, float32, bfloat16 or half.
inline void check_floating(const char* op, const char* name, const torch::Tensor& t) {
  TORCH_CHECK_VALUE(t.defined(), op, ": ", name, " is undefined");
  TORCH_CHECK_VALUE(t.is_floating_point(), op, ": ", name, " must be floating point, got ",
                    t.scalar_type(), " ", t.sizes());
}

/// `dim` counted from the front of a tensor of rank `rank`.
inline int64_t front_dim(const char* op, int64_t dim, int64_t rank) {
  TORCH_CHECK_VALUE(dim >= -rank && dim < rank, op, ": dim ", dim, " is outside a tensor of rank ",
                    rank);
  return dim < 0 ? dim + rank : dim;
}

/// Two broadcastable operands with the same number of entries along `dim`, which counts in the
/// broadcast shape. Returns `dim` counted from the back (negative), so that it means the same axis
/// in both.
inline int64_t check_pair(const char* op, const char* first, const torch::Tensor& v,
                          const char* second, const torch::Tensor& w, int64_t dim) {
  check_floating(op, first, v);
  check_floating(op, second, w);
  TORCH_CHECK_VALUE(v.device() == w.device(), op, ": ", first, " is on ", v.device(), ", ", second,
                    " on ", w.device());
  const int64_t rank = std::max(v.dim(), w.dim());
  const int64_t back = front_dim(op, dim, rank) - rank;
  bool fit = back >= -v.dim() && back >= -w.dim() && v.sym_size(back) == w.sym_size(back);
  for (int64_t i = -1; fit && i >= -std::min(v.dim(), w.dim()); --i)
    fit = v.sym_size(i) == w.sym_size(i) || v.sym_size(i) == 1 || w.sym_size(i) == 1;
  TORCH_CHECK_VALUE(fit, op, ": ", first, " and ", second,
                    " must broadcast and have the same size along dim ", dim, ", got ",
                    v.sym_sizes(), " and ", w.sym_sizes());
  return back;
}

/// Shapes of class hyperplanes: v has D entries along `dim`, normals are [K,D], offsets [K].
/// Returns `dim` counted from the front.
inline int64_t check_hyperplanes(const char* op, const torch::Tensor& v,
                                 const torch::Tensor& normals, const torch::Tensor& offsets,
                                 int64_t dim) {
  check_floating(op, "v", v);
  check_floating(op, "normals", normals);
  check_floating(op, "offsets", offsets);
  const int64_t front = front_dim(op, dim, v.dim());
  TORCH_CHECK_VALUE(v.size(front) > 0, op, ": D must be at least 1, got v ", v.sizes());
  TORCH_CHECK_VALUE(normals.dim() == 2 && normals.size(1) == v.size(front), op,
                    ": normals must be [K,D] with D = ", v.size(front), " from v ", v.sizes(),
                    " along dim ", dim, ", got ", normals.sizes());
  TORCH_CHECK_VALUE(offsets.dim() == 1 && offsets.size(0) == normals.size(0), op,
                    ": offsets must be [K] with K = ", normals.size(0), ", got ", offsets.sizes());
  TORCH_CHECK_VALUE(v.device() == normals.device() && v.device() == offsets.device(), op,
                    ": v, normals and offsets must be on one device, got ", v.device(), ", ",
                    normals.device(), " and ", offsets.device());
  return front;
}

}  // namespace gyroseg::detail
