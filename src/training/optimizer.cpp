#include "gyroseg/training/optimizer.h"

#include <torch/nn/module.h>
#include <torch/nn/utils/clip_grad.h>
#include <torch/optim/adamw.h>
#include <torch/optim/optimizer.h>
#include <torch/optim/sgd.h>
#include <torch/types.h>
#include <torch/utils.h>

#include "fused_optimizers.h"

namespace gyroseg {
namespace {

torch::Tensor checked(const std::map<std::string, torch::Tensor>& state, const std::string& key,
                      const torch::Tensor& like) {
  const auto found = state.find(key);
  TORCH_CHECK_VALUE(found != state.end(), "optimiser state: ", key, " is missing");
  TORCH_CHECK_VALUE(found->second.sizes() == like.sizes(), "optimiser state: ", key, " has shape ",
                    found->second.sizes(), ", the parameter ", like.sizes());
  // The parameter's own strides: a resumed step must add in the same order to be equal bit for bit.
  return torch::empty_like(like).copy_(found->second);
}

bool starts_state_of(const std::map<std::string, torch::Tensor>& state, const std::string& name) {
  const auto next = state.lower_bound(name + "/");
  return next != state.end() && next->first.starts_with(name + "/");
}

struct Parameters {
  std::vector<torch::Tensor> weights, logarithms;  ///< logarithms: t of a learned c = c0 e^t, tau
};

Parameters parameters_of(const torch::nn::Module& model) {
  Parameters result;
  for (const auto& parameter : model.named_parameters()) {
    const std::string& name = parameter.key();
    const bool logarithm = name.ends_with("curvature") || name.ends_with("temperature");
    (logarithm ? result.logarithms : result.weights).push_back(parameter.value());
  }
  return result;
}

/// Logarithms are a group without weight decay, which would pull c or tau to its first value. Set
/// after the group is made: torch takes an option that has its built-in default for unset.
template <class Optimizer, class Options>
std::unique_ptr<torch::optim::Optimizer> with_groups(const Parameters& parameters,
                                                     const Options& options) {
  auto optimizer = std::make_unique<Optimizer>(parameters.weights, options);
  if (!parameters.logarithms.empty()) {
    optimizer->add_param_group(torch::optim::OptimizerParamGroup(parameters.logarithms));
    static_cast<Options&>(optimizer->param_groups().back().options()).weight_decay(0);
  }
  return optimizer;
}

}  // namespace

std::unique_ptr<torch::optim::Optimizer> make_optimizer(const OptimizerConfig& options,
                                                        const torch::nn::Module& model) {
  if (options.name == "sgd") {
    const auto sgd = torch::optim::SGDOptions(options.lr)
                         .momentum(options.momentum)
                         .weight_decay(options.weight_decay);
    return with_groups<FusedSgd>(parameters_of(model), sgd);
  }
  TORCH_CHECK_VALUE(options.name == "adamw", "make_optimizer: expected sgd | adamw, got ",
                    options.name);
  const auto adamw = torch::optim::AdamWOptions(options.lr)
                         .betas({options.betas[0], options.betas[1]})
                         .weight_decay(options.weight_decay);
  return with_groups<FusedAdamW>(parameters_of(model), adamw);
}

void set_learning_rate(torch::optim::Optimizer& optimizer, double lr) {
  for (torch::optim::OptimizerParamGroup& group : optimizer.param_groups()) {
    group.options().set_lr(lr);
  }
}

std::map<std::string, torch::Tensor> optimizer_state(const torch::optim::Optimizer& optimizer,
                                                     const torch::nn::Module& model) {
  std::map<std::string, torch::Tensor> result;
  for (const auto& parameter : model.named_parameters()) {
    const auto found = optimizer.state().find(parameter.value().unsafeGetTensorImpl());
    if (found == optimizer.state().end()) {
      continue;
    }
    const std::string prefix = parameter.key() + "/";
    if (const auto* sgd = dynamic_cast<torch::optim::SGDParamState*>(found->second.get())) {
      if (sgd->momentum_buffer().defined()) {
        result[prefix + "momentum_buffer"] = sgd->momentum_buffer();
      }
    } else if (const auto* adam = dynamic_cast<torch::optim::AdamWParamState*>(found->second.get())) {
      result[prefix + "exp_avg"] = adam->exp_avg();
      result[prefix + "exp_avg_sq"] = adam->exp_avg_sq();
      result[prefix + "step"] = torch::full({}, adam->step(), torch::kInt64);
    }
  }
  return result;
}

double clip_gradients(const std::vector<torch::Tensor>& parameters, double max_norm) {
  if (max_norm > 0) {
    return torch::nn::utils::clip_grad_norm_(parameters, max_norm);
  }
  const torch::NoGradGuard no_grad;
  std::vector<torch::Tensor> gradients;
  for (const torch::Tensor& parameter : parameters) {
    if (parameter.grad().defined()) {
      gradients.push_back(parameter.grad());
    }
  }
  return gradients.empty() ? 0.0 : torch::stack(torch::_foreach_norm(gradients)).norm().item<double>();
}

void load_optimizer_state(torch::optim::Optimizer& optimizer, const torch::nn::Module& model,
                          const std::map<std::string, torch::Tensor>& state) {
  const bool is_sgd = dynamic_cast<torch::optim::SGD*>(&optimizer) != nullptr;
  for (const auto& parameter : model.named_parameters()) {
    if (!starts_state_of(state, parameter.key())) {
      continue;  // never stepped: no gradient reached it
    }
    const torch::Tensor& value = parameter.value();
    const std::string prefix = parameter.key() + "/";
    std::unique_ptr<torch::optim::OptimizerParamState> restored;
    if (is_sgd) {
      auto sgd = std::make_unique<torch::optim::SGDParamState>();
      sgd->momentum_buffer(checked(state, prefix + "momentum_buffer", value));
      restored = std::move(sgd);
    } else {
      auto adam = std::make_unique<torch::optim::AdamWParamState>();
      adam->exp_avg(checked(state, prefix + "exp_avg", value));
      adam->exp_avg_sq(checked(state, prefix + "exp_avg_sq", value));
      adam->step(checked(state, prefix + "step", torch::full({}, 0, torch::kInt64)).item<std::int64_t>());
      restored = std::move(adam);
    }
    optimizer.state()[value.unsafeGetTensorImpl()] = std::move(restored);
  }
}

}  // namespace gyroseg
