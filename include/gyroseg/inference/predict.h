#pragma once

#include <torch/types.h>

#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "gyroseg/config/config.h"
#include "gyroseg/inference/sliding_window.h"

namespace gyroseg {

/// Logits of images the way InferenceConfig asks for: whole or by a sliding window, averaged over
/// scales and a horizontal flip.
///
///   Symbols  B batch, K channels of the network, H,W pixels of the images, h,w of the result
///   images   [B,3,H,W] float, normalised
///   size     {h, w}
///   returns  [B,K,h,w] float32, what LabelDecoder takes
///   Passes   one for every scale s, and one more for its mirror image where `flip` is set. The
///            images are resized to [round(s*H), round(s*W)], bilinear, smoothed where they shrink;
///            the window keeps its size, as what the network was trained on; logits are resized,
///            bilinear, and mirrored back
///   Average  of logits, over the windows of a pixel and over the passes. mmsegmentation averages
///            softmax probabilities over the passes; but a channel stands for a node, which may
///            belong to several levels, and means of its probabilities within each level are those
///            of no single logit. The mean logit gives, at every level at once, the normalised
///            geometric mean of the softmax probabilities (of the odds, for sigmoids), so that all
///            decode modes read one tensor
///   Windows  `network` gets places in the resized (and mirrored) images; with no window, the whole
///   Memory   the largest pass, a sum [B,K,s*H,s*W] with a window, and a sum [B,K,h,w]; the numbers
///            of scales and windows do not matter
///   Exact    without window, scales or flip: upsample_bilinear2d(network(images), size)
///   Grads    none, runs without autograd
///   Throws   c10::ValueError on images of another shape, on no scale or one <= 0, and as slide
[[nodiscard]] torch::Tensor predict(const Network& network, const torch::Tensor& images,
                                    const std::array<std::int64_t, 2>& size,
                                    const InferenceConfig& options);

/// The stride in effect, {vertical, horizontal}: options.stride, or 2/3 of the window rounded down
/// (at least 1), as mmsegmentation's configs have it. Throws c10::ValueError without a window.
[[nodiscard]] std::array<int, 2> stride_of(const InferenceConfig& options);

/// The settings in effect under their config keys, values as --set takes them:
/// {"inference.window", "[512,512]"}, ... "inference.stride" is that of stride_of.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> settings_of(
    const InferenceConfig& options);

/// The same on one line: "inference.window=null inference.scales=[1] inference.flip=false".
[[nodiscard]] std::string describe(const InferenceConfig& options);

}  // namespace gyroseg
