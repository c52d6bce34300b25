#include "manifolds/tree_triplet.h"

#include <torch/types.h>

#include "manifolds/argument_checks.h"

namespace gyroseg {
namespace {

using torch::Tensor;

/// [3,N,D] vectors of the given pixels, read from the channel-first tensor where it lies.
Tensor gather_vectors(const Tensor& embedding, const Tensor& pixels) {
  const int64_t area = embedding.size(2) * embedding.size(3), width = embedding.size(3);
  const Tensor image = pixels.div(area, "floor"), in_image = pixels.remainder(area);
  using at::indexing::Slice;
  return embedding.index({image, Slice(), in_image.div(width, "floor"), in_image.remainder(width)});
}

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

  const auto device = embedding.device();
  const auto type = at::promote_types(embedding.scalar_type(), torch::kFloat32);
  const Tensor vectors = gather_vectors(embedding, triplets.pixels.to(device)).to(type);
  const Tensor distances = manifold.tangent_dist(vectors.narrow(0, 0, 1), vectors.narrow(0, 1, 2)) *
                           manifold.margin_scale();
  const Tensor margin = margins(triplets, tree, options).to(device, type);
  const Tensor share = shares(triplets.classes[0], tree.parents.size(0)).to(device, type);
  return {(torch::relu(distances[0] - distances[1] + margin) * share).sum(), count};
}

}  // namespace gyroseg
