#pragma once

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <sstream>
#include <string>
#include <vector>

namespace gyroseg::testing {

/// f draws its inputs and states a property by `within`; rapidcheck looks for a counterexample,
/// from small inputs (zeros, equal vectors) to large ones, and shrinks it. Always the same draws.
template <typename F>
void expect_property(const F& f, int cases = 40) {
  rc::detail::TestParams params;
  params.seed = 20200;
  params.maxSuccess = cases;
  const auto result = rc::detail::checkTestable(f, rc::detail::TestMetadata(), params);
  if (result.template is<rc::detail::SuccessResult>()) return;
  std::ostringstream message;
  rc::detail::printResultMessage(result, message);
  ADD_FAILURE() << message.str();
}

/// n vectors of d entries of about `spread`, multiples of spread/1000 and so often equal or 0,
/// rounded to the dtype.
inline torch::Tensor any_vectors(int64_t n, int64_t d, double spread, torch::Dtype dtype) {
  const auto entries = *rc::gen::container<std::vector<int>>(static_cast<size_t>(n * d),
                                                             rc::gen::inRange(-1000, 1001));
  std::vector<double> values(entries.begin(), entries.end());
  for (auto& x : values) x *= spread / 1000;
  return torch::tensor(values, torch::kFloat64).view({n, d}).to(dtype);
}

/// Largest entry; NaN where there is one.
inline double largest(const torch::Tensor& t) {
  return t.numel() == 0 ? 0 : t.detach().to(torch::kFloat64).abs().max().item<double>();
}

/// error <= bound, or the property fails with both.
inline void within(double error, double bound, const std::string& what) {
  if (error <= bound) return;
  std::ostringstream message;
  message << what << ": error " << error << " > " << bound;
  RC_FAIL(message.str());
}

}  // namespace gyroseg::testing
