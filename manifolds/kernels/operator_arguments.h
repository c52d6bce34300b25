#pragma once

#include <ATen/ExpandUtils.h>
#include <torch/types.h>

#include "manifolds/argument_checks.h"

namespace gyroseg::detail {

/// c as the evaluations want it: 0-dim float64. Its value is read, and must be finite and > 0,
/// unless it lives on an accelerator, where reading it would wait for the device: there a bad c
/// gives NaN. Throws c10::ValueError.
inline torch::Tensor checked_curvature(const char* op, const torch::Tensor& c) {
  check_floating(op, "c", c);
  TORCH_CHECK_VALUE(c.dim() == 0, op, ": c must be a 0-dim tensor, got ", c.sizes());
  if (c.is_cpu()) check_curvature(op, c.item<double>());
  return c.to(torch::kFloat64);
}

/// float64 and float32 are evaluated as they are, bfloat16 and half as float32.
inline torch::Dtype inside_type(torch::Dtype type) {
  return at::promote_types(type, torch::kFloat32);
}

/// t in the layout that at::empty_like(like) would have: what the meta kernels promise, and code
/// compiled from their strides reads. Copies only where the layouts differ.
inline torch::Tensor laid_out_like(const torch::Tensor& like, const torch::Tensor& t) {
  const auto strides = like.is_non_overlapping_and_dense()
                           ? like.strides().vec()
                           : at::infer_dense_strides(like.sizes(), like.strides());
  bool same = true;
  for (int64_t i = 0; i < t.dim(); ++i)
    same = same && (t.size(i) <= 1 || t.stride(i) == strides[i]);
  return same ? t : torch::empty_strided(t.sizes(), strides, t.options()).copy_(t);
}

/// A gradient as its argument has it: summed over broadcast dimensions, in its dtype and layout.
inline torch::Tensor gradient_like(const torch::Tensor& gradient, const torch::Tensor& argument) {
  if (!gradient.defined()) return {};
  return laid_out_like(argument, at::sum_to(gradient, argument.sizes()).to(argument.options()));
}

}  // namespace gyroseg::detail
