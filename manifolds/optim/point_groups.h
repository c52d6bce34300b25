#pragma once

#include <torch/optim/optimizer.h>
#include <torch/optim/serialize.h>
#include <torch/serialize/archive.h>
#include <torch/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "manifolds/manifold.h"

namespace gyroseg::detail {

// What the Riemannian optimisers share. A parameter of a group is a tensor of points: coordinates
// along the group's `dim`, every other axis counts points.

using Space = std::shared_ptr<const Manifold>;

/// A group without a manifold is Euclidean. There every coordinate is a point of R, so optimisers
/// walk as torch's do, bit by bit and in place.
[[nodiscard]] bool is_flat(const Space& space);

/// x <- exp_x(step), computed in float64, rounded to the dtype of x, and brought back where rounding
/// left the space. Returns how many points that moved, 0-dim int64.
torch::Tensor walk(const torch::Tensor& x, const torch::Tensor& step, const Manifold& space,
                   int64_t dim);

/// The gradient of x plus that of (weight_decay/2)|x|^2; undefined where x has none. Throws
/// c10::ValueError if it is sparse.
[[nodiscard]] torch::Tensor decayed_gradient(const char* optimizer, const torch::Tensor& x,
                                             double weight_decay);

/// The loss of a step's closure, with gradients; undefined without a closure.
[[nodiscard]] torch::Tensor loss_of(const torch::optim::Optimizer::LossClosure& closure);

/// Throws c10::ValueError if a parameter is listed twice: it would be moved twice.
void check_distinct(const char* optimizer,
                    const std::vector<torch::optim::OptimizerParamGroup>& groups);

/// Throws c10::ValueError unless the points of each parameter lie on the group's space.
void check_points(const char* optimizer, const std::vector<torch::Tensor>& points,
                  const Space& space, int64_t dim);

/// "euclidean" without a manifold.
[[nodiscard]] std::string kind_of(const Space& space);

/// Throws c10::ValueError unless the archive of an optimiser has these groups' spaces, before
/// anything is read into the optimiser.
void check_saved_spaces(const char* optimizer, torch::serialize::InputArchive& archive,
                        const std::vector<Space>& spaces);

/// The group's options. Throws c10::ValueError if they belong to another optimiser.
template <typename Options>
[[nodiscard]] Options& options_of(const char* optimizer, torch::optim::OptimizerParamGroup& group) {
  auto* options = dynamic_cast<Options*>(&group.options());
  TORCH_CHECK_VALUE(options != nullptr, optimizer,
                    ": a parameter group has options of another optimiser");
  return *options;
}

/// Adds a group with its own options, or the defaults where it has none, and checks both. (torch's
/// add_param_group puts the defaults in place of the options of any optimiser but its own.)
template <typename Options>
void add_group(const char* optimizer, torch::optim::Optimizer& to,
               const torch::optim::OptimizerParamGroup& group) {
  to.torch::optim::Optimizer::add_param_group(group);
  auto& added = to.param_groups().back();
  if (group.has_options()) added.set_options(group.options().clone());
  const auto& options = options_of<Options>(optimizer, added);
  options.check();
  check_distinct(optimizer, to.param_groups());
  check_points(optimizer, added.params(), options.manifold, options.dim);
}

/// The saved state and options by torch's format; each group keeps the manifold object that it has,
/// with its curvature parameter.
template <typename State, typename Options>
void load_groups(const char* optimizer, torch::serialize::InputArchive& archive,
                 torch::optim::Optimizer& to) {
  std::vector<Space> spaces;
  for (auto& group : to.param_groups())
    spaces.push_back(options_of<Options>(optimizer, group).manifold);
  check_saved_spaces(optimizer, archive, spaces);
  torch::optim::serialize<State, Options>(archive, to);
  for (size_t i = 0; i < spaces.size(); ++i)
    options_of<Options>(optimizer, to.param_groups()[i]).manifold = spaces[i];
}

}  // namespace gyroseg::detail
