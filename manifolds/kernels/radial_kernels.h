#pragma once

#include <torch/types.h>

#include <cstdint>

namespace gyroseg::detail {

struct RadialGradients {
  torch::Tensor v;  ///< of the shape of v
  torch::Tensor c;  ///< 0-dim float64
};

/// How exp0 and log0 are evaluated: maps v -> f(c|v|^2) v along rays. v float32 or float64; c 0-dim
/// float64; dim from the front; result: the dtype that forward's value will be rounded to.
struct RadialEvaluation {
  torch::Tensor (*forward)(const torch::Tensor& v, const torch::Tensor& c, int64_t dim,
                           torch::Dtype result);
  RadialGradients (*backward)(const torch::Tensor& grad, const torch::Tensor& v,
                              const torch::Tensor& c, int64_t dim);
};

extern const RadialEvaluation expmap0_cpu, logmap0_cpu;              ///< fused loops; c on the CPU
extern const RadialEvaluation expmap0_composite, logmap0_composite;  ///< for every other device

}  // namespace gyroseg::detail
