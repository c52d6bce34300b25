#pragma once

#include <torch/nn/module.h>
#include <torch/types.h>

#include <memory>
#include <string>
#include <vector>

#include "gyroseg/config/config.h"
#include "gyroseg/models/encoder.h"

namespace gyroseg {

/// Encoder maps to one map of features that the classifier reads. Derive, then add one line to
/// src/models/registry.cpp (docs/adding_a_model.md).
///
///   stages   the maps of Encoder::forward
///   returns  [B, channels(), h, w]
class Decoder : public torch::nn::Module {
 public:
  [[nodiscard]] virtual torch::Tensor forward(const std::vector<torch::Tensor>& stages) = 0;

  [[nodiscard]] int channels() const { return channels_; }

 protected:
  explicit Decoder(int channels) : channels_(channels) {}

 private:
  int channels_;
};

/// The decoder that model.decoder names, made for the maps of `encoder`. Throws c10::ValueError on
/// an unknown name (listing the known ones) and on options that the decoder refuses.
[[nodiscard]] std::shared_ptr<Decoder> make_decoder(const ModelConfig& config,
                                                    const Encoder& encoder);

/// Every name that make_decoder knows, in the order of the registry.
[[nodiscard]] std::vector<std::string> decoder_names();

}  // namespace gyroseg
