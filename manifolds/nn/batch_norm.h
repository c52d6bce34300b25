#pragma once

#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>
#include <torch/types.h>

#include <cstdint>
#include <memory>

#include "manifolds/manifold.h"

namespace gyroseg {

/// Which mean of the batch a RiemannianBatchNorm takes.
enum class BatchMean {
  kFrechet,  ///< the minimiser of squared distances: the output's Frechet mean is beta
  kMidpoint  ///< the closed form: no iterations, but the output has beta neither as its midpoint nor
             ///< as its Frechet mean (derivations.md B11)
};

///   eps       >= 0, added to the variance
///   momentum  in [0, 1]: the share of the batch in the running statistics
///   affine    beta and gamma are learned; otherwise beta = origin, gamma = 1
struct BatchNormOptions {
  double eps = 1e-5;
  double momentum = 0.1;
  bool affine = true;
  BatchMean mean = BatchMean::kFrechet;
};

/// Batch normalisation of points of any space (Lou et al. 2020):
/// exp_beta( sqrt(gamma/(var + eps)) PT_{mu -> beta} log_mu x ). mu is the batch's mean and var the
/// mean of dist(mu, x)^2, a single number: one scale for all directions, as the geometry has it.
///
///   bias          [A]  beta = exp_origin(bias), its part tangent there; 0
///   log_variance  []   gamma = e^log_variance, positive whatever the optimiser does; 0
///   running_mean  [A]  a point, which moves along the geodesic to each batch's mean; the origin
///   running_var   []   running mean of var (not of var N/(N-1)); 1
///   curvature     []   t, where the manifold's c is learnable
///   Training   batch statistics, with gradients through both; updates the running ones
///   Evaluation running statistics: constants
///   Euclidean  beta + sqrt(gamma/(var + eps)) (x - mu): as torch's, but with one variance for all
///              channels, their sum
///   Sphere     points spread by more than pi around beta wrap around it
class RiemannianBatchNormImpl : public torch::nn::Module {
 public:
  /// dim: D, network outputs; points have A = manifold.coordinates(D). Throws c10::ValueError: D < 1,
  /// a null manifold, options.
  RiemannianBatchNormImpl(int64_t dim, std::shared_ptr<const Manifold> manifold,
                          const BatchNormOptions& options = {});

  /// Points [N,A] or [B,A,H,W] -> points. Throws c10::ValueError on another shape, and for fewer
  /// than two points in training.
  torch::Tensor forward(const torch::Tensor& x);

  /// The mean and the variance that the output has.
  [[nodiscard]] torch::Tensor beta() const;
  [[nodiscard]] torch::Tensor gamma() const { return log_variance.exp(); }
  [[nodiscard]] const Manifold& manifold() const { return *manifold_; }

  torch::Tensor bias, log_variance, running_mean, running_var;

 private:
  struct Statistics {
    torch::Tensor mean, var;
  };
  Statistics of_batch(const torch::Tensor& x);

  std::shared_ptr<const Manifold> manifold_;
  BatchNormOptions options_;
};
TORCH_MODULE(RiemannianBatchNorm);

}  // namespace gyroseg
