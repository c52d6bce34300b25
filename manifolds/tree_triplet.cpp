#include "manifolds/tree_triplet.h"

#include <torch/types.h>

#include "manifolds/argument_checks.h"
#include "manifolds/kernels/triplet_hinge.h"

namespace gyroseg {
namespace {

using torch::Tensor;

/// m for every triplet.
Tensor margins(const Triplets& triplets, const TreeTables& tree,
               const TreeTripletOptions& options) {
  const Tensor anchor = triplets.classes[0];
  const Tensor psi = tree.distances.to(torch::kCPU);
  const Tensor gap =
      psi.index({anchor, triplets.classes[2]}) - psi.index({anchor, triplets.classes[1]});
  if (options.fixed_margin) return torch::full_like(gap, *options.fixed_margin, torch::kFloat64);
  return options.margin + gap.to(torch::kFloat64) / (2.0 * tree.height);
}

/// Each triplet's share of the mean over its class, then over the classes present.
Tensor shares(const Tensor& anchor_classes, int64_t leaves) {
  const Tensor counts = torch::bincount(anchor_classes, {}, leaves).to(torch::kFloat64);
  return 1 / (counts.index_select(0, anchor_classes) * counts.count_nonzero());
}

}  // namespace

TreeTripletLoss tree_triplet_loss(const Tensor& embedding, const Tensor& labels,
                                  const TreeTables& tree, const Manifold& manifold,
                                  const TreeTripletOptions& options) {
  detail::check_floating("tree_triplet", "embedding", embedding);
  TORCH_CHECK_VALUE(embedding.dim() == 4 && labels.dim() == 3 &&
                        embedding.size(0) == labels.size(0) &&
                        embedding.size(2) == labels.size(1) && embedding.size(3) == labels.size(2),
                    "tree_triplet: embedding must be [B,D,H,W] and labels [B,H,W], got ",
                    embedding.sizes(), " and ", labels.sizes());
  const Triplets triplets = sample_triplets(labels, tree, options);
  const int64_t count = triplets.pixels.size(1);
  if (count == 0)
    return {embedding.narrow(0, 0, 0).sum(),
            0};  // an empty sum: 0 even where values are not finite

  const detail::TripletTerms terms{triplets.pixels, margins(triplets, tree, options),
                                   shares(triplets.classes[0], tree.parents.size(0)),
                                   manifold.margin_scale()};
  return {detail::triplet_hinge(embedding, terms, manifold), count};
}

}  // namespace gyroseg
