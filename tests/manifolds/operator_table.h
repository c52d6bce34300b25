#pragma once

#include <torch/types.h>

#include <functional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "manifolds/lorentz_operators.h"
#include "manifolds/poincare_operators.h"
#include "manifolds/polar_dist.h"

namespace gyroseg::testing {

using torch::Tensor;

/// One of the operators with a `dim`, called in one way. `kind` says what its tensors are.
struct Operator {
  enum Kind { kBall, kTangent, kHyperboloid };
  std::string name;
  int operands;
  bool reduces;  ///< dim is absent from the result
  Kind kind;
  std::function<Tensor(const std::vector<Tensor>&, const Curvature&, int64_t)> call;

  /// Random points with c = 0.7, D entries along dim (the space part's for the hyperboloid).
  [[nodiscard]] Tensor points(std::vector<int64_t> shape, int64_t dim,
                              torch::Dtype dtype = torch::kFloat64) const {
    const auto x = torch::randn(shape, torch::kFloat64);
    if (kind != kBall) return (0.3 * x).to(dtype);  // 64 coordinates: still within radius 5
    const auto length = torch::rand_like(x.narrow(dim, 0, 1)) * 0.9 / std::sqrt(0.7);
    return (length * x / x.norm(2, dim, true)).to(dtype);
  }
};

inline void PrintTo(const Operator& op, std::ostream* out) { *out << op.name; }

using PairFunction = Tensor (*)(const Tensor&, const Tensor&, const Curvature&, int64_t);
using RadialFunction = Tensor (*)(const Tensor&, const Curvature&, int64_t);

inline Operator pair_operator(std::string name, PairFunction f, bool reduces, Operator::Kind kind) {
  return {std::move(name), 2, reduces, kind,
          [f](const std::vector<Tensor>& t, const Curvature& c, int64_t dim) {
            return f(t[0], t[1], c, dim);
          }};
}

inline Operator radial_operator(std::string name, RadialFunction f, Operator::Kind kind) {
  return {std::move(name), 1, false, kind,
          [f](const std::vector<Tensor>& t, const Curvature& c, int64_t dim) {
            return f(t[0], c, dim);
          }};
}

/// lorentz_dist from space parts, X0 = sqrt(1/c + |Xs|^2) put before them: its gradient is that of
/// X and Y in space-time, which agrees with its value along the hyperboloid only.
inline Tensor lorentz_dist_of_space(const Tensor& x, const Tensor& y, const Curvature& c,
                                    int64_t dim) {
  const int64_t rank = std::max(x.dim(), y.dim()), back = dim < 0 ? dim : dim - rank;
  const auto lift = [&](const Tensor& s) {
    const auto wide = s.to(torch::kFloat64);
    const auto x0 = torch::sqrt(1 / c.tensor() + wide.square().sum(back, true));
    return torch::cat({x0, wide}, back).to(s.scalar_type());
  };
  return lorentz_dist(lift(x), lift(y), c, dim);
}

inline std::vector<Operator> every_operator() {
  return {pair_operator("poincare_dist", &poincare_dist, true, Operator::kBall),
          pair_operator("poincare_sqdist", &poincare_sqdist, true, Operator::kBall),
          pair_operator("poincare_mobius_add", &poincare_mobius_add, false, Operator::kBall),
          pair_operator("polar_dist", &polar_dist, true, Operator::kTangent),
          pair_operator("lorentz_dist", &lorentz_dist_of_space, true, Operator::kHyperboloid),
          radial_operator("poincare_expmap0", &poincare_expmap0, Operator::kTangent),
          radial_operator("poincare_logmap0", &poincare_logmap0, Operator::kBall)};
}

}  // namespace gyroseg::testing
