#include "gyroseg/study/prototype_measures.h"

#include <torch/utils.h>

#include <cmath>

#include "gyroseg/metrics/embedding_metrics.h"
#include "gyroseg/metrics/rank_counts.h"

namespace gyroseg {
namespace {

// Nodes with a prototype, one of each chain of copies, and one of each chain of only children that lie in
// one point, as means of the same pixels do.
std::vector<std::int64_t> placed_nodes(const torch::Tensor& tangents, const Hierarchy& tree) {
  const torch::Tensor finite = tangents.isfinite().all(1);
  std::vector<std::int64_t> nodes;
  for (int v = 0; v < tree.num_nodes(); ++v) {
    bool same = false;
    for (const std::int64_t node : nodes) {
      const int other = static_cast<int>(node);
      same = same || tree.tree_distance(other, v) == 0 ||
             (tree.leaves_of(other) == tree.leaves_of(v) && torch::equal(tangents[other], tangents[v]));
    }
    if (!same && finite[v].item<bool>()) {
      nodes.push_back(v);
    }
  }
  return nodes;
}

torch::Tensor distances_between(const torch::Tensor& v, const Manifold& space) {
  if (space.kind() == "sphere") {
    const torch::Tensor points = space.embed(v);
    return space.cdist(points, points);
  }
  // From the outputs themselves: exact at any radius.
  return space.tangent_dist(v.unsqueeze(1), v.unsqueeze(0));
}

std::optional<double> if_finite(double value) {
  return std::isfinite(value) ? std::optional(value) : std::nullopt;
}

}  // namespace

std::vector<Measure> prototype_measures(const torch::Tensor& tangents, const Hierarchy& tree,
                                        const Manifold& space, const std::string& corruption) {
  TORCH_CHECK_VALUE(tangents.dim() == 2 && tangents.size(0) == tree.num_nodes() &&
                        tangents.scalar_type() == torch::kFloat64,
                    "prototype_measures: expected float64 [", tree.num_nodes(), ",D], got ",
                    tangents.scalar_type(), " ", tangents.sizes());
  const std::vector<std::int64_t> nodes = placed_nodes(tangents, tree);
  const auto n = static_cast<std::int64_t>(nodes.size());
  std::vector<Measure> measures;
  const auto add = [&](const std::string& name, const std::optional<double>& value) {
    measures.push_back({corruption, 0, name, value});
  };
  add("prototype_nodes", static_cast<double>(n));
  if (n < 3) {
    return measures;
  }
  const torch::Tensor v = tangents.index_select(0, torch::tensor(nodes, torch::kInt64));
  const torch::Tensor e = distances_between(v, space);
  torch::Tensor h = torch::zeros({n, n}, torch::kFloat64);
  Neighbourhoods edges(nodes.size());
  bool any_edge = false;
  RankCounts radius_by_depth(tree.num_levels());
  for (std::int64_t i = 0; i < n; ++i) {
    for (std::int64_t j = 0; j < n; ++j) {
      const int psi = tree.tree_distance(static_cast<int>(nodes[i]), static_cast<int>(nodes[j]));
      h[i][j] = psi;
      if (psi == 1) {
        edges[i].push_back(j);
        any_edge = true;
      }
    }
    const int depth = tree.depth(tree.top_copy(static_cast<int>(nodes[i])));
    radius_by_depth.add(space.lambda0() * v[i].norm().view({1}),
                        torch::full({1}, depth - 1, torch::kInt64));
  }
  const Distortion stretched = distortion(rows_of(e), rows_of(h), n);
  add("prototype_distortion", if_finite(stretched.average));
  add("prototype_worst_distortion", if_finite(stretched.worst));
  add("prototype_map",
      any_edge ? std::optional(neighbour_ranking(rows_of(e), edges).map) : std::nullopt);
  add("prototype_delta", delta_hyperbolicity(e, base_points(n, n, 0)).relative);
  std::vector<double> depths;
  for (int depth = 1; depth <= tree.num_levels(); ++depth) {
    depths.push_back(depth);
  }
  const std::optional<RankFigure> correlation = radius_by_depth.spearman(depths);
  add("prototype_radius_depth",
      correlation && space.kind() != "sphere" ? std::optional(correlation->value) : std::nullopt);
  return measures;
}

}  // namespace gyroseg
