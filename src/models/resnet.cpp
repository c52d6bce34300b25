#include "gyroseg/models/resnet.h"

#include <ATen/ops/max_pool2d.h>
#include <c10/util/Exception.h>
#include <torch/nn/init.h>
#include <torch/nn/modules/container/sequential.h>
#include <torch/nn/options/conv.h>

#include <algorithm>
#include <cstddef>
#include <string>

namespace gyroseg {
namespace {

using torch::Tensor;
using torch::nn::Conv2d;

constexpr int kStemChannels = 64;
constexpr std::array<int, 4> kWidths = {64, 128, 256, 512};

/// Where a block stands: the stride it takes, and the dilations before and after that stride. They
/// differ only in the first block of a layer whose stride became dilation.
struct BlockPlace {
  int stride;
  int dilation_in;
  int dilation_out;
};

Conv2d conv3x3(int in, int out, int stride, int dilation) {
  return Conv2d(torch::nn::Conv2dOptions(in, out, 3)
                    .stride(stride)
                    .padding(dilation)
                    .dilation(dilation)
                    .bias(false));
}

Conv2d conv1x1(int in, int out, int stride = 1) {
  return Conv2d(torch::nn::Conv2dOptions(in, out, 1).stride(stride).bias(false));
}

class Block : public torch::nn::Module {
 public:
  virtual Tensor forward(const Tensor& x) = 0;

 protected:
  /// The shortcut changes shape only where the block does.
  void make_shortcut(int in, int out, int stride) {
    if (stride == 1 && in == out) return;
    shortcut_conv_ = conv1x1(in, out, stride);
    shortcut_bn_ = BatchNorm(out);
    register_module("downsample", torch::nn::Sequential(shortcut_conv_, shortcut_bn_));
  }

  /// `residual` is this block's own tensor (a batch norm's output), so it is added to in place.
  Tensor join(Tensor residual, const Tensor& x) {
    residual.add_(shortcut_conv_ ? shortcut_bn_->forward(shortcut_conv_->forward(x)) : x);
    return residual.relu_();
  }

 private:
  Conv2d shortcut_conv_{nullptr};
  BatchNorm shortcut_bn_{nullptr};
};

class BasicBlock final : public Block {
 public:
  static constexpr int kExpansion = 1;

  BasicBlock(int in, int width, const BlockPlace& place)
      : conv1_(register_module("conv1", conv3x3(in, width, place.stride, place.dilation_in))),
        bn1_(register_module("bn1", BatchNorm(width))),
        conv2_(register_module("conv2", conv3x3(width, width, 1, place.dilation_out))),
        bn2_(register_module("bn2", BatchNorm(width))) {
    make_shortcut(in, width, place.stride);
  }

  Tensor forward(const Tensor& x) override {
    const Tensor hidden = bn1_->forward(conv1_->forward(x)).relu_();
    return join(bn2_->forward(conv2_->forward(hidden)), x);
  }

 private:
  Conv2d conv1_;
  BatchNorm bn1_;
  Conv2d conv2_;
  BatchNorm bn2_;
};

class Bottleneck final : public Block {
 public:
  static constexpr int kExpansion = 4;

  Bottleneck(int in, int width, const BlockPlace& place)
      : conv1_(register_module("conv1", conv1x1(in, width))),
        bn1_(register_module("bn1", BatchNorm(width))),
        conv2_(register_module("conv2", conv3x3(width, width, place.stride, place.dilation_in))),
        bn2_(register_module("bn2", BatchNorm(width))),
        conv3_(register_module("conv3", conv1x1(width, width * kExpansion))),
        bn3_(register_module("bn3", BatchNorm(width * kExpansion))) {
    make_shortcut(in, width * kExpansion, place.stride);
  }

  Tensor forward(const Tensor& x) override {
    Tensor hidden = bn1_->forward(conv1_->forward(x)).relu_();
    hidden = bn2_->forward(conv2_->forward(hidden)).relu_();
    return join(bn3_->forward(conv3_->forward(hidden)), x);
  }

 private:
  Conv2d conv1_;
  BatchNorm bn1_;
  Conv2d conv2_;
  BatchNorm bn2_;
  Conv2d conv3_;
  BatchNorm bn3_;
};

int expansion(ResNet::BlockKind kind) {
  return kind == ResNet::BlockKind::kBasic ? BasicBlock::kExpansion : Bottleneck::kExpansion;
}

std::vector<int> stage_channels(ResNet::BlockKind kind, bool with_stem) {
  std::vector<int> channels;
  if (with_stem) channels.push_back(kStemChannels);
  for (const int width : kWidths) channels.push_back(width * expansion(kind));
  return channels;
}

std::vector<int> stage_strides(int output_stride, bool with_stem) {
  TORCH_CHECK_VALUE(output_stride == 8 || output_stride == 16 || output_stride == 32,
                    "model.output_stride: a ResNet has 8, 16 or 32, got ", output_stride);
  std::vector<int> strides;
  if (with_stem) strides.push_back(2);
  for (const int published : {4, 8, 16, 32}) strides.push_back(std::min(published, output_stride));
  return strides;
}

torch::nn::ModuleList make_layer(ResNet::BlockKind kind, int in, int width, int depth,
                                 const BlockPlace& first) {
  torch::nn::ModuleList layer;
  BlockPlace place = first;
  for (int i = 0; i < depth; ++i) {
    if (kind == ResNet::BlockKind::kBasic) {
      layer->push_back(std::make_shared<BasicBlock>(in, width, place));
    } else {
      layer->push_back(std::make_shared<Bottleneck>(in, width, place));
    }
    in = width * expansion(kind);
    place = {1, first.dilation_out, first.dilation_out};
  }
  return layer;
}

void initialise(torch::nn::Module& module) {
  for (const auto& child : module.modules(/*include_self=*/false)) {
    if (auto* conv = child->as<Conv2d>()) {
      torch::nn::init::kaiming_normal_(conv->weight, 0.0, torch::kFanOut, torch::kReLU);
    }
  }
}

}  // namespace

ResNet::ResNet(BlockKind kind, const std::array<int, 4>& depths, int output_stride, bool with_stem)
    : Encoder(stage_channels(kind, with_stem), stage_strides(output_stride, with_stem)),
      with_stem_(with_stem),
      conv1_(register_module("conv1", Conv2d(torch::nn::Conv2dOptions(3, kStemChannels, 7)
                                                 .stride(2)
                                                 .padding(3)
                                                 .bias(false)))),
      bn1_(register_module("bn1", BatchNorm(kStemChannels))) {
  int in = kStemChannels;
  int dilation = 1;
  const std::size_t first = with_stem ? 1 : 0;  // the map of layer1
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    const int published_stride = i == 0 ? 1 : 2;
    const int stride = i == 0 ? 1 : strides()[first + i] / strides()[first + i - 1];
    const int dilation_in = dilation;
    dilation *= published_stride / stride;
    layers_[i] = register_module("layer" + std::to_string(i + 1),
                                 make_layer(kind, in, kWidths[i], depths[i],
                                            {stride, dilation_in, dilation}));
    in = channels()[first + i];
  }
  initialise(*this);
}

std::vector<Tensor> ResNet::forward(const Tensor& images) {
  Tensor x = bn1_->forward(conv1_->forward(images)).relu_();
  std::vector<Tensor> stages;
  if (with_stem_) stages.push_back(x);
  x = torch::max_pool2d(x, /*kernel_size=*/3, /*stride=*/2, /*padding=*/1);
  for (const auto& layer : layers_) {
    for (const auto& block : *layer) x = block->as<Block>()->forward(x);
    stages.push_back(x);
  }
  return stages;
}

std::shared_ptr<ResNet> make_resnet(int depth, int output_stride, bool with_stem) {
  using Kind = ResNet::BlockKind;
  const auto make = [&](Kind kind, const std::array<int, 4>& depths) {
    return std::make_shared<ResNet>(kind, depths, output_stride, with_stem);
  };
  switch (depth) {
    case 18: return make(Kind::kBasic, {2, 2, 2, 2});
    case 34: return make(Kind::kBasic, {3, 4, 6, 3});
    case 50: return make(Kind::kBottleneck, {3, 4, 6, 3});
    case 101: return make(Kind::kBottleneck, {3, 4, 23, 3});
    case 152: return make(Kind::kBottleneck, {3, 8, 36, 3});
  }
  C10_THROW_ERROR(ValueError,
                  c10::str("make_resnet: depth is 18, 34, 50, 101 or 152, got ", depth));
}

}  // namespace gyroseg
