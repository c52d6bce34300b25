#pragma once

#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>
#include <torch/types.h>

#include <cstdint>

#include "manifolds/curvature.h"

namespace gyroseg {

/// How a GaneaClassifier keeps the points p of its hyperplanes.
enum class HyperplanePoints {
  kTangent,  ///< p = exp0(offsets): plain vectors, any optimiser of torch trains them
  kBall      ///< p = offsets, points of the ball: a Riemannian optimiser trains them
};

/// Hyperbolic multinomial logistic regression on points of the ball (Ganea et al. 2018). Hyperplane
/// k passes through p_k across a_k, the parallel transport of normals_k from the origin:
/// a = (1 - c|p|^2) normals, so that the prefactor lambda_p |a| of the score is 2 |normals_k|,
/// bounded wherever p goes. One matrix product.
///
///   normals    [K,D]  drawn from N(0, 1/(16 D)), as HyperplaneClassifier: with x = exp0(v) and
///                     p = exp0(r z/|z|) the two have the same scores
///   offsets    [K,D]  0: hyperplanes through the origin
///   curvature  []     t, where c is learnable
///   Limits     c -> 0: 4 <x - p, normals>
class GaneaClassifierImpl : public torch::nn::Module {
 public:
  /// Throws c10::ValueError unless D >= 1 and K >= 1.
  GaneaClassifierImpl(int64_t dim, int64_t classes, const Curvature& c,
                      HyperplanePoints form = HyperplanePoints::kTangent);

  /// Points x [N,D] or [B,D,H,W] of the ball -> scores [N,K] or [B,K,H,W].
  torch::Tensor forward(const torch::Tensor& x);

  /// p [K,D].
  [[nodiscard]] torch::Tensor points() const;
  [[nodiscard]] const Curvature& curvature() const { return curvature_; }

  torch::Tensor normals, offsets;

 private:
  Curvature curvature_;
  HyperplanePoints form_;
};
TORCH_MODULE(GaneaClassifier);

}  // namespace gyroseg
