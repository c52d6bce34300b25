#pragma once

#include <torch/nn/modules/container/modulelist.h>
#include <torch/nn/modules/conv.h>
#include <torch/types.h>

#include <array>
#include <memory>
#include <vector>

#include "gyroseg/models/batch_norm.h"
#include "gyroseg/models/encoder.h"

namespace gyroseg {

/// ResNet without its classifier, with torchvision's parameter and buffer names ("conv1.weight",
/// "layer3.0.downsample.1.running_var") and its initialisation, so that its weight files load as
/// they are and ours load there.
///
///   Maps     C2..C5, the layers' outputs; with the stem also C1 before them, the first
///            convolution's 64 channels at stride 2
///   Stride   32 as published; 16 and 8 by dilation in place of the stride of layer4, and of layer3
///            too. The first block of such a layer keeps the previous dilation where it still reads
///            the finer grid (torchvision's replace_stride_with_dilation; its basic block has none,
///            the rule is the same): with equal weights, every second pixel of the dilated maps is
///            the strided net's map.
///   Source   He et al. 2016 (1512.03385), bottleneck with the stride in its 3 x 3 convolution
class ResNet final : public Encoder {
 public:
  /// Blocks of two 3 x 3 convolutions (depths 18, 34), or bottlenecks of three (50 and up).
  enum class BlockKind { kBasic, kBottleneck };

  /// depths: blocks of layer1..layer4. output_stride: 8, 16 or 32, else c10::ValueError.
  ResNet(BlockKind kind, const std::array<int, 4>& depths, int output_stride,
         bool with_stem = false);

  [[nodiscard]] std::vector<torch::Tensor> forward(const torch::Tensor& images) override;

 private:
  bool with_stem_;
  torch::nn::Conv2d conv1_;
  BatchNorm bn1_;
  std::array<torch::nn::ModuleList, 4> layers_;
};

/// Published nets: depth 18, 34, 50, 101 or 152, else c10::ValueError.
[[nodiscard]] std::shared_ptr<ResNet> make_resnet(int depth, int output_stride,
                                                  bool with_stem = false);

}  // namespace gyroseg
