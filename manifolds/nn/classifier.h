#pragma once

#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>
#include <torch/types.h>

#include <cstdint>
#include <memory>

#include "manifolds/manifold.h"

namespace gyroseg {

/// K class hyperplanes in an embedding space as a module: Manifold::logits with learned parameters.
///
///   normals  [K,D]  z, drawn from N(0, 1/(16 D)): |z| is about 1/4, which undoes the scale 4 of
///                   the logits. Features of unit variance start with Euclidean logits of standard
///                   deviation 1, ball logits no larger than about |v|. Away from 0, where the
///                   gradient is 0 (derivations.md B14)
///   offsets  [K]    r, 0: hyperplanes through the origin
///   curvature  []   t of c = c0 e^t, where the manifold's c is learnable
///   The parameters are plain vectors in both spaces: any optimiser of torch trains them.
class HyperplaneClassifierImpl : public torch::nn::Module {
 public:
  /// Throws c10::ValueError unless D >= 1, K >= 1 and manifold is not null.
  HyperplaneClassifierImpl(int64_t dim, int64_t classes, std::shared_ptr<const Manifold> manifold);

  /// Tangent vectors v [B,D,H,W], or rows [N,D], -> logits [B,K,H,W] or [N,K].
  torch::Tensor forward(const torch::Tensor& v);

  [[nodiscard]] const Manifold& manifold() const { return *manifold_; }

  torch::Tensor normals, offsets;

 private:
  std::shared_ptr<const Manifold> manifold_;
};
TORCH_MODULE(HyperplaneClassifier);

}  // namespace gyroseg
