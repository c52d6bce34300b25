#pragma once

#include <torch/types.h>

#include <memory>
#include <string>
#include <vector>

#include "manifolds/manifold.h"

namespace gyroseg::testing {

/// The curved spaces, with curvatures other than 1 where there is one to choose.
inline std::vector<std::shared_ptr<const Manifold>> curved_spaces() {
  return {make_manifold("sphere", 1.0), make_manifold("poincare", 0.5),
          make_manifold("lorentz", 2.0)};
}

/// n points around a common one, about `spread` apart, of D = 3 network outputs.
inline torch::Tensor cluster(const Manifold& space, int64_t n, double spread,
                             torch::Dtype dtype = torch::kFloat64) {
  const auto centre = torch::tensor({0.5, -0.3, 0.4}, torch::kFloat64);
  const auto v = centre + spread * torch::randn({n, 3}, torch::kFloat64);
  return space.embed(v.to(dtype));
}

/// Half the mean squared distance of the one point x [1,A] to `points`: the Frechet mean is its
/// minimiser, and near it the Hessian is close to the identity.
inline torch::Tensor spread_loss(const Manifold& space, const torch::Tensor& x,
                                 const torch::Tensor& points) {
  return space.sqdist(x, points).mean() / 2;
}

}  // namespace gyroseg::testing
