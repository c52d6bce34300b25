#include "manifolds/optim/riemannian_sgd.h"

#include <torch/optim/serialize.h>
#include <torch/serialize/archive.h>
#include <torch/utils.h>

#include <cmath>

#include "manifolds/optim/point_groups.h"

namespace gyroseg {
namespace {

using Groups = std::vector<torch::optim::OptimizerParamGroup>;
using torch::Tensor;

constexpr const char* kSgd = "RiemannianSgd";

}  // namespace

void RiemannianSgdOptions::check() const {
  TORCH_CHECK_VALUE(std::isfinite(lr) && lr >= 0, kSgd, ": lr must be finite and >= 0, got ", lr);
  TORCH_CHECK_VALUE(std::isfinite(momentum) && momentum >= 0, kSgd,
                    ": momentum must be finite and >= 0, got ", momentum);
  TORCH_CHECK_VALUE(std::isfinite(dampening), kSgd, ": dampening must be finite, got ", dampening);
  TORCH_CHECK_VALUE(std::isfinite(weight_decay) && weight_decay >= 0, kSgd,
                    ": weight_decay must be finite and >= 0, got ", weight_decay);
  TORCH_CHECK_VALUE(!nesterov || (momentum > 0 && dampening == 0), kSgd,
                    ": nesterov needs momentum > 0 and dampening 0, got ", momentum, " and ",
                    dampening);
}

void RiemannianSgdOptions::serialize(torch::serialize::OutputArchive& archive) const {
  archive.write("lr", c10::IValue(lr));
  archive.write("momentum", c10::IValue(momentum));
  archive.write("dampening", c10::IValue(dampening));
  archive.write("weight_decay", c10::IValue(weight_decay));
  archive.write("nesterov", c10::IValue(nesterov));
  archive.write("dim", c10::IValue(dim));
  archive.write("space", c10::IValue(detail::kind_of(manifold)));
}

void RiemannianSgdOptions::serialize(torch::serialize::InputArchive& archive) {
  const auto read = [&](const char* key) {
    c10::IValue value;
    archive.read(key, value);
    return value;
  };
  lr = read("lr").toDouble();
  momentum = read("momentum").toDouble();
  dampening = read("dampening").toDouble();
  weight_decay = read("weight_decay").toDouble();
  nesterov = read("nesterov").toBool();
  dim = read("dim").toInt();
}

void RiemannianSgdParamState::serialize(torch::serialize::OutputArchive& archive) const {
  archive.write("momentum_buffer", momentum_buffer, /*is_buffer=*/true);
}

void RiemannianSgdParamState::serialize(torch::serialize::InputArchive& archive) {
  archive.read("momentum_buffer", momentum_buffer, /*is_buffer=*/true);
}

RiemannianSgd::RiemannianSgd(const std::vector<torch::optim::OptimizerParamGroup>& groups,
                             const RiemannianSgdOptions& defaults)
    : Optimizer(Groups(), std::make_unique<RiemannianSgdOptions>(defaults)) {
  for (const auto& group : groups) add_param_group(group);
}

void RiemannianSgd::add_param_group(const torch::optim::OptimizerParamGroup& group) {
  detail::add_group<RiemannianSgdOptions>(kSgd, *this, group);
}

Tensor RiemannianSgd::step(LossClosure closure) {
  const torch::NoGradGuard no_grad;
  Tensor loss = detail::loss_of(closure);
  projected_ = Tensor();
  for (auto& group : param_groups_) {
    const auto& options = detail::options_of<RiemannianSgdOptions>(kSgd, group);
    options.check();
    for (const Tensor& x : group.params()) update(x, options);
  }
  return loss;
}

void RiemannianSgd::update(const Tensor& x, const RiemannianSgdOptions& options) {
  const Manifold* space = detail::is_flat(options.manifold) ? nullptr : options.manifold.get();
  Tensor direction = detail::decayed_gradient(kSgd, x, options.weight_decay);
  if (!direction.defined()) return;
  if (space) direction = space->rgrad(x, direction, options.dim);

  Tensor* buffer = nullptr;
  if (options.momentum != 0) {
    auto& state = state_[x.unsafeGetTensorImpl()];
    const bool first = state == nullptr;
    if (first) state = std::make_unique<RiemannianSgdParamState>();
    buffer = &static_cast<RiemannianSgdParamState&>(*state).momentum_buffer;
    if (first)
      *buffer = direction.clone();
    else
      buffer->mul_(options.momentum).add_(direction, 1 - options.dampening);
    direction = options.nesterov ? direction.add(*buffer, options.momentum) : *buffer;
  }

  if (!space) {
    x.add_(direction, -options.lr);
    return;
  }
  const Tensor from = buffer ? x.clone() : x;
  const Tensor moved = detail::walk(x, -options.lr * direction, *space, options.dim);
  projected_ = projected_.defined() ? projected_ + moved.to(projected_.device()) : moved;
  if (buffer) *buffer = space->transport(from, x, *buffer, options.dim);
}

void RiemannianSgd::save(torch::serialize::OutputArchive& archive) const {
  torch::optim::serialize<RiemannianSgdParamState, RiemannianSgdOptions>(archive, *this);
}

void RiemannianSgd::load(torch::serialize::InputArchive& archive) {
  detail::load_groups<RiemannianSgdParamState, RiemannianSgdOptions>(kSgd, archive, *this);
}

}  // namespace gyroseg
