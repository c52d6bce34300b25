#include "gyroseg/models/aspp.h"

#include <ATen/ops/batch_norm.h>
#include <ATen/ops/cat.h>
#include <c10/util/Exception.h>

namespace gyroseg {

using torch::Tensor;

AsppImpl::AsppImpl(int in, int channels, const std::vector<int>& dilations)
    : branches_(register_module("branches", torch::nn::ModuleList())),
      pooling_(register_module("pooling", ConvBlock(in, channels))),
      project_(register_module(
          "project", ConvBlock((2 + static_cast<int>(dilations.size())) * channels, channels))) {
  branches_->push_back(ConvBlock(in, channels));
  for (const int dilation : dilations) {
    TORCH_CHECK_VALUE(dilation >= 1, "model.aspp_dilations: expected values >= 1, got ", dilation);
    branches_->push_back(SeparableBlock(in, channels, dilation));
  }
}

Tensor AsppImpl::image_mean(const Tensor& x) {
  const Tensor mean = x.mean({2, 3}, /*keepdim=*/true);
  const auto& bn = pooling_->bn;
  if (!is_training() || x.size(0) > 1 || bn->synchronised()) return pooling_->forward(mean);
  return torch::batch_norm(pooling_->conv->forward(mean), bn->weight, bn->bias, bn->running_mean,
                           bn->running_var, /*training=*/false, /*momentum=*/0.0,
                           bn->options.eps(), /*cudnn_enabled=*/false)
      .relu_();
}

Tensor AsppImpl::forward(const Tensor& x) {
  std::vector<Tensor> maps;
  maps.push_back(branches_->ptr<ConvBlockImpl>(0)->forward(x));
  for (std::size_t i = 1; i < branches_->size(); ++i) {
    maps.push_back(branches_->ptr<SeparableBlockImpl>(i)->forward(x));
  }
  // Laid out like the other maps: an expanded view would turn the whole concatenation
  // channel-first.
  maps.push_back(image_mean(x)
                     .expand({-1, -1, x.size(2), x.size(3)})
                     .contiguous(maps.front().suggest_memory_format()));
  return project_->forward(torch::cat(maps, 1));
}

}  // namespace gyroseg
