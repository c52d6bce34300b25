#pragma once

#include <torch/types.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "support/ball_oracle.h"

namespace gyroseg::testing {

/// Two points of the ball, exact in their dtype.
struct BallPair {
  std::string name;
  torch::Tensor x, y;
};

inline torch::Tensor random_direction(int64_t dim) {
  const auto x = torch::randn({dim}, torch::kFloat64);
  return x / x.norm();
}

/// Pairs of every kind with sqrt(c)|x| = norm: far and near, parallel, opposite, at the origin. A
/// step near x is a part of the gap 1 - norm, or it would leave the ball; where the dtype does not
/// resolve it, the neighbour by one unit in the last place is the nearest pair there is.
inline std::vector<BallPair> ball_pairs_at(double norm, double c, torch::Dtype dtype,
                                           int64_t dim = 5) {
  const auto at = [&](double length) { return length / std::sqrt(c) * random_direction(dim); };
  const double gap = (1 - norm) / std::sqrt(c);
  const auto x = at(norm).to(dtype);
  const auto near = [&](double part) {
    return (x.to(torch::kFloat64) + part * gap * random_direction(dim)).to(dtype);
  };
  auto neighbour = x.clone();
  neighbour[0] = torch::nextafter(x[0], torch::zeros({}, dtype));
  const auto opposite = (-x.to(torch::kFloat64) + 1e-4 * gap * random_direction(dim)).to(dtype);
  std::vector<BallPair> pairs = {{"random", x, at(norm).to(dtype)},
                                 {"other norm", x, at(norm / 2).to(dtype)},
                                 {"neighbour", x, neighbour},
                                 {"parallel 2:1", x, x / 2},
                                 {"opposite", x, -x},
                                 {"nearly opposite", x, opposite},
                                 {"origin", x, torch::zeros({dim}, dtype)},
                                 {"from the origin", torch::zeros({dim}, dtype), x},
                                 {"one tiny", x, at(1e-7).to(dtype)}};
  for (const double part : {1e-3, 1e-7})
    if (const auto y = near(part); !torch::equal(x, y))
      pairs.push_back({"near by " + std::to_string(part) + " of the gap", x, y});
  return pairs;
}

/// sqrt(c)|x| of contract 1 (hyperbolic.md): to 1 - 1e-6 in float32, to 1 - 1e-12 in float64.
inline std::vector<double> contract_norms(torch::Dtype dtype) {
  std::vector<double> norms = {1e-3, 0.5, 0.99, 1 - 1e-4, 1 - 1e-6};
  if (dtype == torch::kFloat64) norms.insert(norms.end(), {1 - 1e-9, 1 - 1e-12});
  return norms;
}

/// Relative errors that contract 1 allows; those of gradients are relative to their norm (B1).
struct Bounds {
  double value, gradient;
};
inline Bounds contract_bounds(torch::Dtype dtype) {
  return dtype == torch::kFloat64 ? Bounds{1e-13, 1e-12} : Bounds{2e-7, 1e-6};
}

inline torch::Tensor leaf(const torch::Tensor& t) { return t.clone().requires_grad_(true); }
inline torch::Tensor curvature_leaf(double c) {
  return torch::scalar_tensor(c, torch::kFloat64).requires_grad_(true);
}

}  // namespace gyroseg::testing
