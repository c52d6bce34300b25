#pragma once

#include <torch/csrc/autograd/autograd.h>
#include <torch/utils.h>

#include <algorithm>
#include <cmath>
#include <functional>

namespace gyroseg::testing {

/// Largest difference between autograd and central differences of a scalar function at x, relative
/// to the largest entry of the gradient. x is copied and cast to float64; no entry may lie on a
/// kink. With the step 1e-5 max(1, |x|) truncation and rounding both stay below about 1e-9 for
/// functions of scale 1.
inline double gradient_error(const std::function<torch::Tensor(const torch::Tensor&)>& f,
                             const torch::Tensor& x, double step = 1e-5) {
  const auto leaf = x.detach().to(torch::kFloat64).clone().contiguous().requires_grad_(true);
  const auto analytic = torch::autograd::grad({f(leaf)}, {leaf})[0].contiguous();
  torch::NoGradGuard no_grad;
  const auto probe = leaf.detach().clone();
  auto* entry = probe.mutable_data_ptr<double>();
  double error = 0, scale = analytic.abs().max().item<double>();
  for (int64_t i = 0; i < probe.numel(); ++i) {
    const double at = entry[i], h = step * std::max(1.0, std::abs(at));
    entry[i] = at + h;
    const double up = f(probe).item<double>();
    entry[i] = at - h;
    const double down = f(probe).item<double>();
    entry[i] = at;
    const double numeric = (up - down) / (2 * h);
    const double difference = std::abs(numeric - analytic.const_data_ptr<double>()[i]);
    if (!(difference <= error)) error = difference;  // keeps NaN
    scale = std::max(scale, std::abs(numeric));
  }
  return scale == 0 ? error : error / scale;
}

}  // namespace gyroseg::testing
