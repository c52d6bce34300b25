#pragma once

#include <torch/optim/adamw.h>
#include <torch/optim/sgd.h>

namespace gyroseg {

/// SGD with momentum (no dampening, no Nesterov) and AdamW (no AMSGrad) as torch's, options, state and
/// result (up to rounding), with each step one pass over the weights instead of one for every operation:
/// on two cores the difference is 4 % of a ResNet-18 step. CPU and CUDA, floating-point weights.
class FusedSgd final : public torch::optim::SGD {
 public:
  using torch::optim::SGD::SGD;
  torch::Tensor step(LossClosure closure = nullptr) override;
};

class FusedAdamW final : public torch::optim::AdamW {
 public:
  using torch::optim::AdamW::AdamW;
  torch::Tensor step(LossClosure closure = nullptr) override;
};

}  // namespace gyroseg
