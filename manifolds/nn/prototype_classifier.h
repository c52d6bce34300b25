#pragma once

#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>
#include <torch/types.h>

#include <cstdint>
#include <memory>

#include "manifolds/manifold.h"
#include "manifolds/nn/temperature.h"

namespace gyroseg {

///   learn  the prototypes are parameters; otherwise constants, a buffer
struct PrototypeOptions {
  TemperatureOptions temperature;
  bool learn = true;
};

/// Scores by distance to one prototype a class, -d(x, p_k)/tau, in any space. Differences are taken
/// directly, never as |x|^2 + |y|^2 - 2<x,y>, which loses near pairs; nothing of size N K D is kept.
/// On the sphere d is the angle; by cosine see CosineClassifier.
///
///   prototypes   [K,D]  w, network outputs as v: p = embed(w). So any optimiser of torch trains
///                       them. Points p are given as Manifold::unembed(p)
///   temperature  []     t of tau = initial e^t, where it is learned
///   curvature    []     t, where the manifold's c is learnable
class PrototypeClassifierImpl : public torch::nn::Module {
 public:
  /// Learned prototypes drawn from N(0, 1/D): |w| is about 1, where distances are neither flat nor
  /// far. Throws c10::ValueError: D < 1, K < 1, a null manifold, the temperature.
  PrototypeClassifierImpl(int64_t dim, int64_t classes, std::shared_ptr<const Manifold> manifold,
                          const PrototypeOptions& options = {});
  /// Starts from, or keeps, a copy of the given w [K,D]. Throws c10::ValueError also unless it is
  /// floating point and finite.
  PrototypeClassifierImpl(const torch::Tensor& prototypes, std::shared_ptr<const Manifold> manifold,
                          const PrototypeOptions& options = {});

  /// Network outputs v [N,D] or [B,D,H,W] -> scores [N,K] or [B,K,H,W], right at any radius. In
  /// hyperbolic spaces by cdist of float64 points where these carry the digits of v's dtype; float64
  /// and far v by tangent_dist, K passes over v.
  torch::Tensor forward(const torch::Tensor& v);
  /// Points x [N,A] or [B,A,H,W] -> scores, by cdist: as accurate as the points are. In
  /// float32 the ball's points end at radius 16.
  torch::Tensor forward_points(const torch::Tensor& x);

  [[nodiscard]] const Manifold& manifold() const { return *manifold_; }

  torch::Tensor prototypes;

 private:
  [[nodiscard]] bool points_suffice(const torch::Tensor& v) const;
  [[nodiscard]] torch::Tensor by_points(const torch::Tensor& x, const torch::Tensor& points) const;

  std::shared_ptr<const Manifold> manifold_;
  detail::Temperature temperature_;
};
TORCH_MODULE(PrototypeClassifier);

}  // namespace gyroseg
