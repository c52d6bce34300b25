#pragma once

#include <torch/nn/module.h>
#include <torch/nn/modules/conv.h>
#include <torch/nn/pimpl.h>
#include <torch/types.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "gyroseg/config/config.h"
#include "gyroseg/models/decoder.h"
#include "gyroseg/models/encoder.h"

namespace gyroseg {

/// One decoder and one linear classifier a level of the class tree, on the maps of one shared
/// encoder (model.branches = per_level).
///
///   stages    the maps of the encoder
///   logits    [B,K,h,w]: each level's branch gives the channels of its level, put back in the
///             order of the channels, so that losses and decode modes see what one classifier would
///             give
///   features  [B,D,h,w] of the branch of the finest level
///   Names     level1.decoder, level1.classifier, level2.decoder, ...; a level without channels has
///             no branch
///   Source    seed system 001: three branches of 2, 3 and 7 classes
class LevelBranchesImpl : public torch::nn::Module {
 public:
  struct Output {
    torch::Tensor logits;
    torch::Tensor features;
  };

  /// channel_levels: the level >= 1 of every channel of the logits, K values.
  /// Throws c10::ValueError where they are none or below 1, and as make_decoder does.
  LevelBranchesImpl(const ModelConfig& config, const Encoder& encoder,
                    const std::vector<int>& channel_levels);

  [[nodiscard]] Output forward(const std::vector<torch::Tensor>& stages);

  /// Channels of Output::features.
  [[nodiscard]] int channels() const { return branches_.back().decoder->channels(); }

 private:
  struct Branch {
    std::shared_ptr<Decoder> decoder;
    torch::nn::Conv2d classifier;
  };
  /// Channels of the logits that stand together in one branch as well.
  struct Run {
    std::size_t branch;
    std::int64_t first;  ///< of the branch's channels
    std::int64_t length;
  };
  std::vector<Branch> branches_;  ///< coarse to fine
  std::vector<Run> runs_;         ///< in the order of the logits' channels
};
TORCH_MODULE(LevelBranches);

}  // namespace gyroseg
