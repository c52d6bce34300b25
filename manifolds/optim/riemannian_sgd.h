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
///   lr            >= 0
///   momentum      >= 0; 0 keeps no buffer
///   dampening     the buffer takes 1 - dampening of each gradient but the first
///   weight_decay  >= 0, the gradient of (weight_decay/2)|x|^2 in the coordinates of x; on the
///                 sphere, where |x| is constant, it does nothing
///   nesterov      needs momentum > 0 and dampening 0
///   manifold      whose points the parameters are; null is Euclidean space
///   dim           their coordinates' axis
struct RiemannianSgdOptions : torch::optim::OptimizerCloneableOptions<RiemannianSgdOptions> {
  explicit RiemannianSgdOptions(double learning_rate) : lr(learning_rate) {}

  double lr;
  double momentum = 0;
  double dampening = 0;
  double weight_decay = 0;
  bool nesterov = false;
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

struct RiemannianSgdParamState
    : torch::optim::OptimizerCloneableParamState<RiemannianSgdParamState> {
  torch::Tensor momentum_buffer;  ///< tangent vectors at the parameter's points

  void serialize(torch::serialize::InputArchive& archive) override;
  void serialize(torch::serialize::OutputArchive& archive) const override;
};

/// Riemannian SGD: g = rgrad(x), m <- momentum m + (1 - dampening) g, x <- exp_x(-lr m), and m is
/// transported along to the new x. The first m is g; Nesterov walks along g + momentum m.
///
///   Euclidean  equal to torch::optim::SGD to the last bit
///   Ball       as c -> 0 its metric is 4 I and the step lr/4 (derivations.md B6)
///   Points     stay on the space: projected() counts those that rounding had moved out. A float32
///              ball resolves a step of length s to hyperbolic radius 16 + log s; farther points are
///              better kept as tangent vectors at the origin, in Euclidean space
///   Saved      torch::save and torch::load: options, buffers, and the kinds of the spaces, which
///              must be those of the optimiser that loads
///   Throws     c10::ValueError: options, a parameter listed twice or off its space, sparse
///              gradients
///   Source     Becigneul & Ganea 2019; hyperbolic.md section 1
class RiemannianSgd : public torch::optim::Optimizer {
 public:
  RiemannianSgd(const std::vector<torch::optim::OptimizerParamGroup>& groups,
                const RiemannianSgdOptions& defaults);
  RiemannianSgd(std::vector<torch::Tensor> parameters, const RiemannianSgdOptions& options)
      : RiemannianSgd({torch::optim::OptimizerParamGroup(std::move(parameters))}, options) {}

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
  void update(const torch::Tensor& x, const RiemannianSgdOptions& options);

  torch::Tensor projected_;  ///< on the points' device: a step does not wait for it
};

}  // namespace gyroseg
