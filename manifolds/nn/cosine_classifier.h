#pragma once

#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>
#include <torch/types.h>

#include <cstdint>

#include "manifolds/nn/temperature.h"

namespace gyroseg {

/// Cosine scores on the unit sphere: cos(v, w_k)/tau. One matrix product; lengths do not matter, so
/// v and w need not be unit vectors.
///
///   directions   [K,D]  w, uniform on the unit sphere: all directions alike. The scores do not
///                       depend on |w|, but a gradient step turns w by about lr/|w|^2
///   temperature  []     t of tau = initial e^t, where it is learned. kTemperature unless given:
///                       scores of +-1 alone could not make a class certain
///   At 0         score and gradient 0: no direction, no opinion
class CosineClassifierImpl : public torch::nn::Module {
 public:
  static constexpr double kTemperature = 0.1;

  /// Throws c10::ValueError unless D >= 1, K >= 1 and the temperature is finite and > 0.
  CosineClassifierImpl(int64_t dim, int64_t classes,
                       const TemperatureOptions& temperature = {.initial = kTemperature,
                                                                .learn = false});

  /// v [N,D] or [B,D,H,W] -> scores [N,K] or [B,K,H,W]. Throws c10::ValueError on another shape.
  torch::Tensor forward(const torch::Tensor& v);

  torch::Tensor directions;

 private:
  detail::Temperature temperature_;
};
TORCH_MODULE(CosineClassifier);

}  // namespace gyroseg
