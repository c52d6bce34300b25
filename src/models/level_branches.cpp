#include "gyroseg/models/level_branches.h"

#include <ATen/ops/cat.h>
#include <c10/util/ArrayRef.h>
#include <c10/util/Exception.h>
#include <torch/nn/options/conv.h>

#include <algorithm>
#include <map>
#include <string>

#include "gyroseg/models/output_layer.h"

namespace gyroseg {

using torch::Tensor;

LevelBranchesImpl::LevelBranchesImpl(const ModelConfig& config, const Encoder& encoder,
                                     const std::vector<int>& channel_levels) {
  const auto lowest = std::min_element(channel_levels.begin(), channel_levels.end());
  TORCH_CHECK_VALUE(lowest != channel_levels.end() && *lowest >= 1,
                    "model.branches: per_level needs a level >= 1 of every channel, got ",
                    c10::ArrayRef<int>(channel_levels));
  std::map<int, std::int64_t> counts;  // level -> channels
  for (const int level : channel_levels) ++counts[level];
  std::map<int, std::size_t> branch_of;
  for (const auto& [level, count] : counts) {
    branch_of[level] = branches_.size();
    const auto branch =
        register_module("level" + std::to_string(level), std::make_shared<torch::nn::Module>());
    const auto decoder = branch->register_module("decoder", make_decoder(config, encoder));
    const auto classifier = branch->register_module(
        "classifier",
        torch::nn::Conv2d(torch::nn::Conv2dOptions(decoder->channels(), count, 1)));
    branches_.push_back({decoder, classifier});
  }
  std::vector<std::int64_t> used(branches_.size(), 0);
  for (const int level : channel_levels) {
    const std::size_t branch = branch_of[level];
    if (runs_.empty() || runs_.back().branch != branch) runs_.push_back({branch, used[branch], 0});
    ++runs_.back().length;
    ++used[branch];
  }
}

LevelBranchesImpl::Output LevelBranchesImpl::forward(const std::vector<Tensor>& stages) {
  Tensor features;
  std::vector<Tensor> logits, in_order;
  for (Branch& branch : branches_) {
    features = branch.decoder->forward(stages);
    logits.push_back(output_layer(branch.classifier, features));
  }
  for (const Run& run : runs_) {
    in_order.push_back(logits[run.branch].narrow(1, run.first, run.length));
  }
  return {at::cat(in_order, 1), features};
}

}  // namespace gyroseg
