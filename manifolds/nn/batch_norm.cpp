#include "manifolds/nn/batch_norm.h"

#include <torch/utils.h>

#include <cmath>
#include <utility>
#include <vector>

#include "manifolds/argument_checks.h"
#include "manifolds/nn/module_parameters.h"

namespace gyroseg {
namespace {

using torch::Tensor;

constexpr const char* kBatchNorm = "RiemannianBatchNorm";

void check(const BatchNormOptions& options) {
  TORCH_CHECK_VALUE(std::isfinite(options.eps) && options.eps >= 0, kBatchNorm,
                    ": eps must be finite and >= 0, got ", options.eps);
  TORCH_CHECK_VALUE(options.momentum >= 0 && options.momentum <= 1, kBatchNorm,
                    ": momentum must lie in [0, 1], got ", options.momentum);
}

}  // namespace

RiemannianBatchNormImpl::RiemannianBatchNormImpl(int64_t dim,
                                                 std::shared_ptr<const Manifold> manifold,
                                                 const BatchNormOptions& options)
    : manifold_(std::move(manifold)), options_(options) {
  TORCH_CHECK_VALUE(dim >= 1, kBatchNorm, ": D must be at least 1, got ", dim);
  TORCH_CHECK_VALUE(manifold_, kBatchNorm, ": manifold is null");
  check(options_);
  const int64_t coordinates = manifold_->coordinates(dim);
  const auto learned = [&](const char* name, const Tensor& t) {
    return options_.affine ? register_parameter(name, t) : register_buffer(name, t);
  };
  bias = learned("bias", torch::zeros({coordinates}));
  log_variance = learned("log_variance", torch::zeros({}));
  running_mean = register_buffer("running_mean",
                                 manifold_->origin(coordinates, bias.options()).detach().clone());
  running_var = register_buffer("running_var", torch::ones({}));
  detail::register_curvature(*this, *manifold_);
}

Tensor RiemannianBatchNormImpl::beta() const {
  const Tensor origin = manifold_->origin(bias.size(0), bias.options());
  return manifold_->expmap0(manifold_->project_tangent(origin, bias));
}

RiemannianBatchNormImpl::Statistics RiemannianBatchNormImpl::of_batch(const Tensor& x) {
  const Tensor rows = x.movedim(1, -1).reshape({-1, x.size(1)});
  TORCH_CHECK_VALUE(rows.size(0) > 1, kBatchNorm, ": training needs at least two points, got ",
                    x.sizes());
  const Tensor mean = options_.mean == BatchMean::kFrechet
                          ? manifold_->frechet_mean(rows, std::nullopt, 0)
                          : manifold_->midpoint(rows, std::nullopt, 0);
  const Tensor var = manifold_->sqdist(mean, rows).mean();

  const torch::NoGradGuard no_grad;
  const Tensor target = mean.to(running_mean.scalar_type());
  const Tensor way = manifold_->logmap(running_mean, target);
  const Tensor moved = manifold_->expmap(running_mean, options_.momentum * way);
  running_mean.copy_(manifold_->project(moved).points);
  running_var.lerp_(var.to(running_var.scalar_type()), options_.momentum);
  return {mean, var};
}

Tensor RiemannianBatchNormImpl::forward(const Tensor& x) {
  detail::check_floating(kBatchNorm, "x", x);
  TORCH_CHECK_VALUE(x.dim() >= 2 && x.size(1) == bias.size(0), kBatchNorm, ": x must have ",
                    bias.size(0), " coordinates along dim 1, got ", x.sizes());
  const Statistics s = is_training() ? of_batch(x) : Statistics{running_mean, running_var};
  std::vector<int64_t> shape(x.dim(), 1);
  shape[1] = x.size(1);
  const Tensor mean = s.mean.view(shape), target = beta().view(shape);
  const Tensor scale = at::sqrt(gamma() / (s.var + options_.eps));
  const Tensor spread = manifold_->transport(mean, target, manifold_->logmap(mean, x, 1), 1);
  return manifold_->expmap(target, scale * spread, 1);
}

}  // namespace gyroseg
