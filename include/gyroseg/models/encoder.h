#pragma once

#include <torch/nn/module.h>
#include <torch/types.h>

#include <memory>
#include <string>
#include <vector>

#include "gyroseg/config/config.h"

namespace gyroseg {

/// Images to feature maps, fine to coarse: two or more, of a ResNet C2..C5. Derive, then add one
/// line to src/models/registry.cpp (docs/adding_a_model.md).
///
///   images   [B,3,H,W] float
///   returns  the maps; map i is [B, channels()[i], h_i, w_i] with h_i = ceil(H / strides()[i]);
///            each stride divides the next
class Encoder : public torch::nn::Module {
 public:
  [[nodiscard]] virtual std::vector<torch::Tensor> forward(const torch::Tensor& images) = 0;

  [[nodiscard]] const std::vector<int>& channels() const { return channels_; }
  [[nodiscard]] const std::vector<int>& strides() const { return strides_; }

 protected:
  /// channels, strides: one value a map each, two or more.
  Encoder(std::vector<int> channels, std::vector<int> strides);

 private:
  std::vector<int> channels_;
  std::vector<int> strides_;
};

/// The encoder that model.encoder names. Throws c10::ValueError on an unknown name (listing the
/// known ones) and on options that the encoder refuses.
[[nodiscard]] std::shared_ptr<Encoder> make_encoder(const ModelConfig& config);

/// Every name that make_encoder knows, in the order of the registry.
[[nodiscard]] std::vector<std::string> encoder_names();

}  // namespace gyroseg
