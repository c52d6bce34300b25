#pragma once

#include <torch/types.h>

#include <string>
#include <vector>

#include "gyroseg/hierarchy/hierarchy.h"
#include "gyroseg/study/measures.h"
#include "manifolds/manifold.h"

namespace gyroseg {

/// How the class prototypes lie beside their tree: average and worst distortion, MAP of the tree's edges,
/// relative delta-hyperbolicity over all base points, rank correlation of radius and depth
/// (metrics/embedding_metrics.h), and the number of nodes that have a prototype. Copies of repeated leaves
/// take no part, nor do parents of an only child that lie where it does. On the sphere distances are angles and there is no radius.
///
///   tangents    [V,D] float64 network outputs; NaN: no prototype
///   corruption  of the images they come from: that of the measures
///   returns     measures without a level; figures that need more nodes than there are, or that are
///               infinite, are undefined. Throws c10::ValueError on shapes
[[nodiscard]] std::vector<Measure> prototype_measures(const torch::Tensor& tangents,
                                                      const Hierarchy& tree, const Manifold& space,
                                                      const std::string& corruption = "none");

}  // namespace gyroseg
