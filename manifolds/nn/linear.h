#pragma once

#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>
#include <torch/types.h>

#include <cstdint>

#include "manifolds/curvature.h"

namespace gyroseg {

/// Hyperbolic linear layer (HNN++, Shimizu et al. 2021): polar_linear with learned parameters.
///
///   normals    [K,D]  z, drawn from N(0, 1/(4 K)): for small v the output is 2 <v,z>, so |v'| is
///                     about |v|. The radius is what must not drift from layer to layer, since the
///                     ball saturates with it
///   offsets    [K]    r, 0: the origin is mapped to the origin
///   curvature  []     t, where c is learnable
///   The parameters are plain vectors: any optimiser of torch trains them.
class PoincareLinearImpl : public torch::nn::Module {
 public:
  /// D -> K. Throws c10::ValueError unless both are at least 1.
  PoincareLinearImpl(int64_t in, int64_t out, const Curvature& c);

  /// Tangent vectors at the origin, [N,D] or [B,D,H,W] -> [N,K] or [B,K,H,W]. The form for inside
  /// networks: no radius is out of reach.
  torch::Tensor forward(const torch::Tensor& v);
  /// Points of the ball -> points of the ball, of the same shapes: exp0(forward(log0 x)).
  torch::Tensor forward_points(const torch::Tensor& x);

  [[nodiscard]] const Curvature& curvature() const { return curvature_; }

  torch::Tensor normals, offsets;

 private:
  Curvature curvature_;
};
TORCH_MODULE(PoincareLinear);

}  // namespace gyroseg
