#pragma once

#include <cstdint>

#include <torch/types.h>

#include "label_tree.h"

namespace gyroseg::losses {

/// How maps are pooled and cut into patches of radius x radius.
struct RmiSettings {
  std::int64_t radius = 3;
  std::int64_t pool = 3;    ///< window, padded by pool / 2
  std::int64_t stride = 3;  ///< of the windows
  bool average = false;     ///< mean of a window, else its maximum
  std::int64_t ignore = -1;

  [[nodiscard]] std::int64_t dimensions() const { return radius * radius; }
  [[nodiscard]] std::int64_t pooled(std::int64_t size) const {
    return size == 0 ? 0 : (size + 2 * (pool / 2) - pool) / stride + 1;
  }
};

/// Added to the probabilities of valid pixels (Zhao et al.'s code): seen only by averages, at rims.
inline constexpr double kRmiFloor = 1e-6;

/// Centred sums of products of the patches x_i = (y_i, p_i) of each map, a node in an image:
/// N = B*V maps, n = radius^2.
struct RmiScatter {
  torch::Tensor products;  ///< [N,2n,2n] float64
  torch::Tensor means;     ///< [N,2n] float64; rmi_scatter_cpu's have p less a constant that
                           ///< rmi_gradient_cpu knows
};

/// logits [B,V,H,W] float32 or float64, pixels of one stride; labels [B,H,W] int64 contiguous and
/// valid. Needs memory for a few maps a thread.
RmiScatter rmi_scatter_cpu(const torch::Tensor& logits, const torch::Tensor& labels,
                           const LabelTree& tree, const RmiSettings& settings);

/// The gradient with respect to the logits, in their memory format, where that of the patch p_i is
/// by_patch (x_i - mean). by_patch [N,n,2n] float64.
torch::Tensor rmi_gradient_cpu(const torch::Tensor& logits, const torch::Tensor& labels,
                               const LabelTree& tree, const RmiSettings& settings,
                               const torch::Tensor& by_patch, const torch::Tensor& means);

}  // namespace gyroseg::losses
