#include "manifolds/optim/point_groups.h"

#include <torch/serialize/archive.h>
#include <torch/utils.h>

#include <unordered_set>

namespace gyroseg::detail {

using torch::Tensor;

bool is_flat(const Space& space) { return kind_of(space) == "euclidean"; }

std::string kind_of(const Space& space) { return space ? space->kind() : "euclidean"; }

Tensor walk(const Tensor& x, const Tensor& step, const Manifold& space, int64_t dim) {
  const Tensor end = space.expmap(x.to(torch::kFloat64), step.to(torch::kFloat64), dim);
  const Projection moved = space.project(end.to(x.scalar_type()), dim);
  x.copy_(moved.points);
  return moved.count;
}

Tensor decayed_gradient(const char* optimizer, const Tensor& x, double weight_decay) {
  const Tensor& gradient = x.grad();
  if (!gradient.defined()) return {};
  TORCH_CHECK_VALUE(!gradient.is_sparse(), optimizer, ": sparse gradients are not supported, got ",
                    gradient.toString(), " for a parameter ", x.sizes());
  return weight_decay == 0 ? gradient : gradient.add(x, weight_decay);
}

Tensor loss_of(const torch::optim::Optimizer::LossClosure& closure) {
  if (closure == nullptr) return {};
  const torch::AutoGradMode with_gradients(true);
  return closure();
}

void check_distinct(const char* optimizer,
                    const std::vector<torch::optim::OptimizerParamGroup>& groups) {
  std::unordered_set<const void*> seen;
  for (const auto& group : groups)
    for (const Tensor& parameter : group.params())
      TORCH_CHECK_VALUE(seen.insert(parameter.unsafeGetTensorImpl()).second, optimizer,
                        ": a parameter ", parameter.sizes(), " is listed twice");
}

void check_points(const char* optimizer, const std::vector<Tensor>& points, const Space& space,
                  int64_t dim) {
  if (is_flat(space)) return;
  const torch::NoGradGuard no_grad;
  for (const Tensor& x : points) {
    TORCH_CHECK_VALUE(dim >= -x.dim() && dim < x.dim(), optimizer, ": dim ", dim,
                      " is outside a parameter ", x.sizes(), " of space ", space->kind());
    const int64_t outside = space->project(x.detach(), dim).count.item<int64_t>();
    TORCH_CHECK_VALUE(outside == 0, optimizer, ": ", outside, " points of a parameter ", x.sizes(),
                      " do not lie on the space ", space->kind());
  }
}

void check_saved_spaces(const char* optimizer, torch::serialize::InputArchive& archive,
                        const std::vector<Space>& spaces) {
  torch::serialize::InputArchive groups;
  archive.read("param_groups", groups);
  Tensor size;
  groups.read("param_groups/size", size);
  TORCH_CHECK_VALUE(size.item<int64_t>() == static_cast<int64_t>(spaces.size()), optimizer,
                    ": the archive has ", size.item<int64_t>(), " parameter groups, expected ",
                    spaces.size());
  for (size_t i = 0; i < spaces.size(); ++i) {
    torch::serialize::InputArchive group, options;
    groups.read("param_groups/" + std::to_string(i), group);
    group.read("options", options);
    c10::IValue kind;
    options.read("space", kind);
    TORCH_CHECK_VALUE(kind.toStringRef() == kind_of(spaces[i]), optimizer, ": parameter group ", i,
                      " was saved on ", kind.toStringRef(), ", expected ", kind_of(spaces[i]));
  }
}

}  // namespace gyroseg::detail
