#pragma once

#include <torch/optim/optimizer.h>
#include <torch/types.h>

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "manifolds/manifold.h"

namespace gyroseg {

/// Options of a group of parameters, taken whole: a group's options do not inherit from the
/// optimiser's defaults.
///
///   lr, eps       >= 0. On the ball as c -> 0 eps weighs as 2 eps, since lengths there are doubled
///   beta1, beta2  in [0, 1): decay of the two moments
///   weight_decay  >= 0, the gradient of (weight_decay/2)|x|^2 in the coordinates of x
///   amsgrad       divides by the largest second moment so far
///   manifold      whose points the parameters are; null is Euclidean space
///   dim           their coordinates' axis
struct RiemannianAdamOptions : torch::optim::OptimizerCloneableOptions<RiemannianAdamOptions> {
  explicit RiemannianAdamOptions(double learning_rate = 1e-3) : lr(learning_rate) {}

  double lr;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double eps = 1e-8;
  double weight_decay = 0;
  bool amsgrad = false;
  std::shared_ptr<const Manifold> manifold;
  int64_t dim = -1;

  /// Throws c10::ValueError for a value out of its range.
  void check() const;

  [[nodiscard]] double get_lr() const override { return lr; }
  void set_lr(const double rate) override { lr = rate; }
  /// The manifold is saved by its kind, and not read back: it belongs to the caller.
  void serialize(torch::serialize::InputArchive& archive) override;
  void serialize(torch::serialize::OutputArchive& archive) const override;
};

/// second and largest_second have one entry a point; in Euclidean space one a coordinate.
struct RiemannianAdamParamState
    : torch::optim::OptimizerCloneableParamState<RiemannianAdamParamState> {
  int64_t step = 0;
  torch::Tensor first;           ///< tangent vectors at the parameter's points
  torch::Tensor second;          ///< of squared lengths
  torch::Tensor largest_second;  ///< undefined without amsgrad

  void serialize(torch::serialize::InputArchive& archive) override;
  void serialize(torch::serialize::OutputArchive& archive) const override;
};

/// Riemannian Adam: g = rgrad(x), m <- beta1 m + (1 - beta1) g, v <- beta2 v + (1 - beta2) |g|_x^2,
/// x <- exp_x( -lr mh/(sqrt(vh) + eps) ) with the bias corrected in mh and vh, and m is transported
/// along to the new x. One v a point, since no coordinates of a curved space are singled out.
///
///   Euclidean  a product of lines, so one v a coordinate: equal to torch::optim::Adam to the last
///              bit
///   Ball       the first step has hyperbolic length lr, Euclidean length lr/2 as c -> 0
///              (derivations.md B6)
///   Points     stay on the space: projected() counts those that rounding had moved out. A float32
///              ball resolves a step of length s to hyperbolic radius 16 + log s; farther points are
///              better kept as tangent vectors at the origin, in Euclidean space
///   Saved      torch::save and torch::load: options, moments, and the kinds of the spaces, which
///              must be those of the optimiser that loads
///   Throws     c10::ValueError: options, a parameter listed twice or off its space, sparse
///              gradients
///   Source     Becigneul & Ganea 2019
class RiemannianAdam : public torch::optim::Optimizer {
 public:
  RiemannianAdam(const std::vector<torch::optim::OptimizerParamGroup>& groups,
                 const RiemannianAdamOptions& defaults);
  RiemannianAdam(std::vector<torch::Tensor> parameters, const RiemannianAdamOptions& options)
      : RiemannianAdam({torch::optim::OptimizerParamGroup(std::move(parameters))}, options) {}

  /// Hides torch's, which would drop the group's options.
  void add_param_group(const torch::optim::OptimizerParamGroup& group);

  torch::Tensor step(LossClosure closure = nullptr) override;
  /// Points that the last step had to bring back to their space.
  [[nodiscard]] int64_t projected() const {
    return projected_.defined() ? projected_.item<int64_t>() : 0;
  }

  void save(torch::serialize::OutputArchive& archive) const override;
  void load(torch::serialize::InputArchive& archive) override;

 private:
  void update(const torch::Tensor& x, const RiemannianAdamOptions& options);

  torch::Tensor projected_;  ///< on the points' device: a step does not wait for it
};

}  // namespace gyroseg
