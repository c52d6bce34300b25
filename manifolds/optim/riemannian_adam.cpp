#include "manifolds/optim/riemannian_adam.h"

#include <torch/optim/serialize.h>
#include <torch/serialize/archive.h>
#include <torch/utils.h>

#include <cmath>

#include "manifolds/optim/point_groups.h"

namespace gyroseg {
namespace {

using Groups = std::vector<torch::optim::OptimizerParamGroup>;
using torch::Tensor;

constexpr const char* kAdam = "RiemannianAdam";

RiemannianAdamParamState& state_of(std::unique_ptr<torch::optim::OptimizerParamState>& state) {
  if (state == nullptr) state = std::make_unique<RiemannianAdamParamState>();
  return static_cast<RiemannianAdamParamState&>(*state);
}

/// sqrt(vh) + eps, and v's largest so far.
Tensor denominator(RiemannianAdamParamState& state, const RiemannianAdamOptions& options) {
  const double correction = 1 - std::pow(options.beta2, static_cast<double>(state.step));
  Tensor v = state.second;
  if (options.amsgrad) {
    state.largest_second =
        state.largest_second.defined() ? at::maximum(state.largest_second, v) : v.clone();
    v = state.largest_second;
  }
  return (v.sqrt() / std::sqrt(correction)).add_(options.eps);
}

}  // namespace

void RiemannianAdamOptions::check() const {
  TORCH_CHECK_VALUE(std::isfinite(lr) && lr >= 0, kAdam, ": lr must be finite and >= 0, got ", lr);
  TORCH_CHECK_VALUE(beta1 >= 0 && beta1 < 1, kAdam, ": beta1 must lie in [0, 1), got ", beta1);
  TORCH_CHECK_VALUE(beta2 >= 0 && beta2 < 1, kAdam, ": beta2 must lie in [0, 1), got ", beta2);
  TORCH_CHECK_VALUE(std::isfinite(eps) && eps >= 0, kAdam, ": eps must be finite and >= 0, got ",
                    eps);
  TORCH_CHECK_VALUE(std::isfinite(weight_decay) && weight_decay >= 0, kAdam,
                    ": weight_decay must be finite and >= 0, got ", weight_decay);
}

void RiemannianAdamOptions::serialize(torch::serialize::OutputArchive& archive) const {
  archive.write("lr", c10::IValue(lr));
  archive.write("beta1", c10::IValue(beta1));
  archive.write("beta2", c10::IValue(beta2));
  archive.write("eps", c10::IValue(eps));
  archive.write("weight_decay", c10::IValue(weight_decay));
  archive.write("amsgrad", c10::IValue(amsgrad));
  archive.write("dim", c10::IValue(dim));
  archive.write("space", c10::IValue(detail::kind_of(manifold)));
}

void RiemannianAdamOptions::serialize(torch::serialize::InputArchive& archive) {
  const auto read = [&](const char* key) {
    c10::IValue value;
    archive.read(key, value);
    return value;
  };
  lr = read("lr").toDouble();
  beta1 = read("beta1").toDouble();
  beta2 = read("beta2").toDouble();
  eps = read("eps").toDouble();
  weight_decay = read("weight_decay").toDouble();
  amsgrad = read("amsgrad").toBool();
  dim = read("dim").toInt();
}

void RiemannianAdamParamState::serialize(torch::serialize::OutputArchive& archive) const {
  archive.write("step", c10::IValue(step));
  archive.write("first", first, /*is_buffer=*/true);
  archive.write("second", second, /*is_buffer=*/true);
  if (largest_second.defined()) archive.write("largest_second", largest_second, true);
}

void RiemannianAdamParamState::serialize(torch::serialize::InputArchive& archive) {
  c10::IValue saved_step;
  archive.read("step", saved_step);
  step = saved_step.toInt();
  archive.read("first", first, /*is_buffer=*/true);
  archive.read("second", second, /*is_buffer=*/true);
  if (!archive.try_read("largest_second", largest_second, true)) largest_second = Tensor();
}

RiemannianAdam::RiemannianAdam(const std::vector<torch::optim::OptimizerParamGroup>& groups,
                               const RiemannianAdamOptions& defaults)
    : Optimizer(Groups(), std::make_unique<RiemannianAdamOptions>(defaults)) {
  for (const auto& group : groups) add_param_group(group);
}

void RiemannianAdam::add_param_group(const torch::optim::OptimizerParamGroup& group) {
  detail::add_group<RiemannianAdamOptions>(kAdam, *this, group);
}

Tensor RiemannianAdam::step(LossClosure closure) {
  const torch::NoGradGuard no_grad;
  Tensor loss = detail::loss_of(closure);
  projected_ = Tensor();
  for (auto& group : param_groups_) {
    const auto& options = detail::options_of<RiemannianAdamOptions>(kAdam, group);
    options.check();
    for (const Tensor& x : group.params()) update(x, options);
  }
  return loss;
}

void RiemannianAdam::update(const Tensor& x, const RiemannianAdamOptions& options) {
  const Manifold* space = detail::is_flat(options.manifold) ? nullptr : options.manifold.get();
  Tensor g = detail::decayed_gradient(kAdam, x, options.weight_decay);
  if (!g.defined()) return;
  if (space) g = space->rgrad(x, g, options.dim);

  auto& state = state_of(state_[x.unsafeGetTensorImpl()]);
  const Tensor length2 = space ? space->inner(x, g, g, options.dim) : Tensor();
  if (state.step++ == 0) {
    state.first = torch::zeros_like(x);
    state.second = torch::zeros_like(space ? length2 : x);
  }
  state.first.mul_(options.beta1).add_(g, 1 - options.beta1);
  state.second.mul_(options.beta2);
  if (space)
    state.second.add_(length2, 1 - options.beta2);
  else
    state.second.addcmul_(g, g, 1 - options.beta2);

  const Tensor scale = denominator(state, options);
  const double rate = options.lr / (1 - std::pow(options.beta1, static_cast<double>(state.step)));
  if (!space) {
    x.addcdiv_(state.first, scale, -rate);
    return;
  }
  const Tensor from = x.clone();
  const Tensor moved = detail::walk(x, -rate * state.first / scale, *space, options.dim);
  projected_ = projected_.defined() ? projected_ + moved.to(projected_.device()) : moved;
  state.first = space->transport(from, x, state.first, options.dim);
}

void RiemannianAdam::save(torch::serialize::OutputArchive& archive) const {
  torch::optim::serialize<RiemannianAdamParamState, RiemannianAdamOptions>(archive, *this);
}

void RiemannianAdam::load(torch::serialize::InputArchive& archive) {
  detail::load_groups<RiemannianAdamParamState, RiemannianAdamOptions>(kAdam, archive, *this);
}

}  // namespace gyroseg
