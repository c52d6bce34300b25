#pragma once

#include <torch/types.h>

namespace gyroseg {

/// Boundary loss: probability far outside a class's true region costs, deep inside it pays.
///
///   Formula        mean over the pixels that count of sum_c phi_c p_c, phi of signed_distances
///   probabilities  [B,n,H,W]
///   labels         [B,H,W] int64 in [0, n), or kIgnored
///   returns        scalar in [-1, 1], smallest where p is the truth; exactly 0 with a zero gradient
///                  where no pixel counts. Linear in p
///   Throws         c10::ValueError on wrong shapes
///   Source         Kervadec et al. 2019 (1812.07032) eq. 5; an idea of seed 004. Differs: distances are
///                  parts of the image's diagonal, so that a weight means the same at every size
[[nodiscard]] torch::Tensor boundary_loss(const torch::Tensor& probabilities,
                                          const torch::Tensor& labels);

/// Signed distance of every pixel to the region of every class, from pixel centre to pixel centre, as
/// a part of the image's diagonal sqrt(H^2 + W^2).
///
///   labels   [B,H,W] int64 in [0, classes), or kIgnored: neither inside nor outside
///   returns  [B,classes,H,W] float32 on the CPU: the distance d to the nearest pixel of the class
///            where the label is another or ignored, (1 - d) to the nearest pixel of another class
///            inside (before division). 0 for a class that is absent from an image or alone in it
///   Cost     one exact distance transform (OpenCV) per class and side in an image
[[nodiscard]] torch::Tensor signed_distances(const torch::Tensor& labels, std::int64_t classes);

}  // namespace gyroseg
