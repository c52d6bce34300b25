#pragma once

#include <torch/types.h>

#include <cstdint>
#include <optional>

#include "manifolds/manifold.h"

namespace gyroseg {

/// The class tree as tensors: all that the loss needs to know of it.
///   distances  [C,C] int64, psi: edges between two leaves, through the virtual root
///   parents    [C] int64, any numbering of inner nodes; -1 directly under the virtual root
///   height     D >= 1, edges from the virtual root to the deepest leaf
struct TreeTables {
  torch::Tensor distances;
  torch::Tensor parents;
  int height = 0;
};

///   margin             m_eps, added to the tree's part of the margin
///   fixed_margin       in place of the whole margin (HSSN's code: 0.6 at any depth)
///   max_triplets       for each class of anchors, >= 1
///   include_own_class  positives may be other pixels of the anchor's own class
struct TreeTripletOptions {
  double margin = 0.1;
  std::optional<double> fixed_margin;
  int max_triplets = 200;
  bool include_own_class = false;
  std::uint64_t seed = 0;
};

struct TreeTripletLoss {
  torch::Tensor value;   ///< scalar >= 0; exactly 0 with an exactly zero gradient when support == 0
  std::int64_t support;  ///< triplets used
};

/// Triplets by pixel, b*H*W + y*W + x, ordered by the class of the anchor. On the CPU.
struct Triplets {
  torch::Tensor pixels;   ///< [3,N] int64: anchor, positive, negative
  torch::Tensor classes;  ///< [3,N] int64: their leaves
};

/// For each class up to options.max_triplets distinct triplets, drawn uniformly among all of its
/// triplets in the whole batch: all of them where there are no more than that.
///
///   labels    [B,H,W] int64 leaf index in [0, C), negative = ignored; never changed
///   positive  another leaf under the same parent. The virtual root is not a node of the tree
///             (hierarchy.md section 1, V), hence no parent: two leaves directly under it are no
///             siblings. With include_own_class also another pixel of the anchor's own leaf,
///             whatever its depth
///   negative  any leaf that is neither the anchor's own nor a sibling. In every tree its psi to
///             the anchor is larger than the positive's
///   Random    std::mt19937_64 of options.seed and an own unbiased draw: the same on every platform
///   Throws    c10::ValueError: shapes, dtypes, label >= C, options
[[nodiscard]] Triplets sample_triplets(const torch::Tensor& labels, const TreeTables& tree,
                                       const TreeTripletOptions& options);

/// Anchors are pulled to leaves that share a parent and pushed from the rest of the tree:
/// relu( d(a,p) - d(a,n) + m ), m = margin + (psi(a,n) - psi(a,p))/(2 D) or fixed_margin.
///
///   embedding  [B,D,H,W] tangent vectors at the origin, points exp0(v) of `manifold`, float
///   labels     [B,H,W] int64 leaf index, negative = ignored
///   d          manifold.tangent_dist times manifold.margin_scale(): Euclidean distances are doubled,
///              since the ball's d -> 2|v-w| as c -> 0, and one margin means the same in both
///              (derivations.md B6); the sphere's cosine distance is HSSN's own
///   returns    mean over the triplets of each class, then over the classes that have any
///   Memory     only the sampled vectors are gathered, at most 3 * C * max_triplets of them
///   Differs    from HSSN's code: drawn uniformly across the batch, not first in raster order; no
///              triplets is an exact 0; psi and D count through the virtual root (derivations H4)
///   Throws     c10::ValueError as sample_triplets, and where embedding and labels do not fit
///   Source     hierarchy.md section 2; Li et al. 2022 (HSSN)
[[nodiscard]] TreeTripletLoss tree_triplet_loss(const torch::Tensor& embedding,
                                                const torch::Tensor& labels, const TreeTables& tree,
                                                const Manifold& manifold,
                                                const TreeTripletOptions& options = {});

}  // namespace gyroseg
