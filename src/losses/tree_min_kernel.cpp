#include "tree_min_kernel.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include <torch/types.h>

#include "pixel_tiles.h"
#include "softplus.h"

namespace gyroseg::losses {
namespace {

/// The plan in the kernel's scalar type.
template <typename T>
struct Tables {
  const TreeMinPlan& plan;
  std::vector<T> off_path;
  std::vector<T> on_path;
  T gamma;
  T scale;

  Tables(const TreeMinPlan& p, double focus, double factor)
      : plan(p),
        off_path(p.off_path.begin(), p.off_path.end()),
        on_path(p.on_path.begin(), p.on_path.end()),
        gamma(static_cast<T>(focus)),
        scale(static_cast<T>(factor)) {}
};

/// One thread's working memory; every row is kTile long.
template <typename T>
struct Tile {
  std::vector<T> z;                 ///< [V] logits, then maxima, then gradients
  std::vector<T> path_gradient;     ///< [height]
  std::vector<std::int32_t> depth;  ///< [V] of the node that holds the maximum
  std::vector<std::int32_t> from;   ///< [V] child that holds the maximum, -1 = the node itself
  std::vector<std::int32_t> own;    ///< [height] 1 where the path's node holds its own minimum
  std::int32_t row[kTile];          ///< label rows
  double loss[kTile];

  explicit Tile(const TreeMinPlan& plan)
      : z(plan.nodes * kTile),
        path_gradient(plan.height * kTile),
        depth(plan.nodes * kTile),
        from(plan.nodes * kTile),
        own(plan.height * kTile) {
    for (int v = 0; v < plan.nodes; ++v) {
      std::fill_n(depth.begin() + v * kTile, kTile, plan.depth[v]);
    }
  }
};

/// weight * f(x), or weight * scale * f'(x). Where the weight is 0 the input is made harmless, so
/// that no inf or NaN of an ignored pixel comes through.
template <Focus focus, bool backward, typename T>
GYROSEG_INLINE T weighted_term(T gamma, T scale, T weight, T x) {
  const T safe = choose(weight == 0, T(0), x);
  const FocalTerm<T> term = focal_softplus<focus>(safe, gamma);
  return backward ? weight * scale * term.derivative : weight * term.value;
}

/// -log p along the path: the running minimum from the top to the label.
template <Focus focus, bool backward, typename T>
GYROSEG_INLINE void path_terms(const Tables<T>& tables, Tile<T>& tile) {
  const std::int32_t rows = tables.plan.nodes + 1;
  const T gamma = tables.gamma;
  const T scale = tables.scale;
  const T* __restrict z = tile.z.data();
  const std::int32_t* __restrict row = tile.row;
  double* __restrict loss = tile.loss;
  T minimum[kTile];
  std::fill_n(minimum, kTile, std::numeric_limits<T>::infinity());
  for (int j = 0; j < tables.plan.height; ++j) {
    const std::int32_t* __restrict path = tables.plan.path.data() + j * rows;
    const T* __restrict weights = tables.on_path.data() + j * rows;
    T* __restrict gradient = tile.path_gradient.data() + j * kTile;
    std::int32_t* __restrict own = tile.own.data() + j * kTile;
    for (int t = 0; t < kTile; ++t) {
      const T value = z[path[row[t]] * kTile + t];
      const bool above = minimum[t] < value;  // a tie stays with the node itself, and so does a NaN
      minimum[t] = above ? minimum[t] : value;
      own[t] = above ? 0 : 1;
    }
    T weight[kTile];  // looked up apart, or the loop below cannot become vector instructions
    for (int t = 0; t < kTile; ++t) {
      weight[t] = weights[row[t]];
    }
    for (int t = 0; t < kTile; ++t) {
      const T term = weighted_term<focus, backward>(gamma, scale, weight[t], -minimum[t]);
      if constexpr (backward) {
        gradient[t] = -term;
      } else {
        loss[t] += term;
      }
    }
  }
}

/// Maxima over the descendants, in place; the children of a node are done before it.
template <typename T>
GYROSEG_INLINE void subtree_maxima(const TreeMinPlan& plan, Tile<T>& tile) {
  for (int v = plan.nodes - 1; v >= plan.leaves; --v) {
    T* __restrict best = tile.z.data() + v * kTile;
    std::int32_t* __restrict depth = tile.depth.data() + v * kTile;
    std::int32_t* __restrict from = tile.from.data() + v * kTile;
    std::fill_n(depth, kTile, plan.depth[v]);
    std::fill_n(from, kTile, -1);
    for (const int child : plan.children[v]) {
      const T* __restrict other = tile.z.data() + child * kTile;
      const std::int32_t* __restrict other_depth = tile.depth.data() + child * kTile;
      for (int t = 0; t < kTile; ++t) {
        const bool nearer = (other[t] == best[t]) & (other_depth[t] < depth[t]);
        const bool better = (other[t] > best[t]) | nearer;
        best[t] = better ? other[t] : best[t];
        depth[t] = better ? other_depth[t] : depth[t];
        from[t] = better ? child : from[t];
      }
    }
  }
}

/// -log(1 - q) of the nodes off the path; backward, the maxima turn into their gradients.
template <Focus focus, bool backward, typename T>
GYROSEG_INLINE void off_path_terms(const Tables<T>& tables, Tile<T>& tile) {
  const std::int32_t rows = tables.plan.nodes + 1;
  const T gamma = tables.gamma;
  const T scale = tables.scale;
  const std::int32_t* __restrict row = tile.row;
  double* __restrict loss = tile.loss;
  for (int v = 0; v < tables.plan.nodes; ++v) {
    const T* __restrict weights = tables.off_path.data() + v * rows;
    T* __restrict z = tile.z.data() + v * kTile;
    T weight[kTile];
    for (int t = 0; t < kTile; ++t) {
      weight[t] = weights[row[t]];
    }
    for (int t = 0; t < kTile; ++t) {
      const T term = weighted_term<focus, backward>(gamma, scale, weight[t], z[t]);
      if constexpr (backward) {
        z[t] = term;
      } else {
        loss[t] += term;
      }
    }
  }
}

/// Hands the gradients of maxima and minima to the nodes that hold them.
template <typename T>
GYROSEG_INLINE void hand_out(const TreeMinPlan& plan, Tile<T>& tile) {
  for (int v = plan.leaves; v < plan.nodes; ++v) {
    T* __restrict gradient = tile.z.data() + v * kTile;
    const std::int32_t* __restrict from = tile.from.data() + v * kTile;
    for (const int child : plan.children[v]) {
      T* __restrict below = tile.z.data() + child * kTile;
      for (int t = 0; t < kTile; ++t) {
        below[t] += from[t] == child ? gradient[t] : T(0);
      }
    }
    for (int t = 0; t < kTile; ++t) {
      gradient[t] = from[t] < 0 ? gradient[t] : T(0);
    }
  }
  T carried[kTile] = {};
  for (int j = plan.height - 1; j >= 0; --j) {
    const std::int32_t* path = plan.path.data() + j * (plan.nodes + 1);
    for (int t = 0; t < kTile; ++t) {
      carried[t] += tile.path_gradient[j * kTile + t];
      if (tile.own[j * kTile + t] != 0) {
        tile.z[path[tile.row[t]] * kTile + t] += carried[t];
        carried[t] = T(0);
      }
    }
  }
}

template <typename T>
void load(const Run<const T>& run, const std::int64_t* labels, int nodes, Tile<T>& tile) {
  for (int t = 0; t < kTile; ++t) {
    tile.row[t] = t < run.length ? static_cast<std::int32_t>(labels[t]) + 1 : 0;
    tile.loss[t] = 0.0;
  }
  load(run, nodes, tile.z.data());
}

template <Focus focus, bool backward, typename T>
GYROSEG_INLINE void process(const Tables<T>& tables, Tile<T>& tile) {
  path_terms<focus, backward>(tables, tile);
  subtree_maxima(tables.plan, tile);
  off_path_terms<focus, backward>(tables, tile);
  if constexpr (backward) {
    hand_out(tables.plan, tile);
  }
}

template <bool backward, typename T>
GYROSEG_INLINE void process_any(const Tables<T>& tables, Tile<T>& tile) {
  if (tables.gamma == 0) {
    process<Focus::kNone, backward>(tables, tile);
  } else if (tables.gamma == 2) {
    process<Focus::kSquare, backward>(tables, tile);
  } else {
    process<Focus::kAny, backward>(tables, tile);
  }
}

GYROSEG_CPU_VERSIONS void forward_tile(const Tables<float>& tables, Tile<float>& tile) {
  process_any<false>(tables, tile);
}
GYROSEG_CPU_VERSIONS void forward_tile(const Tables<double>& tables, Tile<double>& tile) {
  process_any<false>(tables, tile);
}
GYROSEG_CPU_VERSIONS void backward_tile(const Tables<float>& tables, Tile<float>& tile) {
  process_any<true>(tables, tile);
}
GYROSEG_CPU_VERSIONS void backward_tile(const Tables<double>& tables, Tile<double>& tile) {
  process_any<true>(tables, tile);
}

template <typename T>
double forward_all(const torch::Tensor& logits, const torch::Tensor& labels,
                   const TreeMinPlan& plan, double gamma) {
  const Tables<T> tables(plan, gamma, 1.0);
  const T* data = logits.const_data_ptr<T>();
  const std::int64_t* label = labels.const_data_ptr<std::int64_t>();
  const std::int64_t pixels = logits.size(2) * logits.size(3);
  // One partial sum a tile, added in order: the value does not depend on the number of threads.
  std::vector<double> partial(num_runs(logits), 0.0);
  const auto body = [&](std::int64_t i, std::int64_t image, std::int64_t first, int length,
                        Tile<T>& tile) {
    load(run_of(data, logits, image, first, length), label + image * pixels + first, plan.nodes,
         tile);
    forward_tile(tables, tile);
    partial[i] = std::accumulate(tile.loss, tile.loss + kTile, 0.0);
  };
  for_each_run(logits, [&] { return Tile<T>(plan); }, body);
  return std::accumulate(partial.begin(), partial.end(), 0.0);
}

template <typename T>
void backward_all(const torch::Tensor& logits, const torch::Tensor& labels,
                  const TreeMinPlan& plan, double gamma, double scale, torch::Tensor& gradient) {
  const Tables<T> tables(plan, gamma, scale);
  const T* data = logits.const_data_ptr<T>();
  T* out = gradient.mutable_data_ptr<T>();
  const std::int64_t* label = labels.const_data_ptr<std::int64_t>();
  const std::int64_t pixels = logits.size(2) * logits.size(3);
  const auto body = [&](std::int64_t, std::int64_t image, std::int64_t first, int length,
                        Tile<T>& tile) {
    load(run_of(data, logits, image, first, length), label + image * pixels + first, plan.nodes,
         tile);
    backward_tile(tables, tile);
    store(tile.z.data(), plan.nodes, run_of(out, gradient, image, first, length));
  };
  for_each_run(logits, [&] { return Tile<T>(plan); }, body);
}

}  // namespace

double tree_min_forward(const torch::Tensor& logits, const torch::Tensor& labels,
                        const TreeMinPlan& plan, double gamma) {
  return logits.scalar_type() == torch::kFloat64
             ? forward_all<double>(logits, labels, plan, gamma)
             : forward_all<float>(logits, labels, plan, gamma);
}

torch::Tensor tree_min_backward(const torch::Tensor& logits, const torch::Tensor& labels,
                                const TreeMinPlan& plan, double gamma, double scale) {
  torch::Tensor gradient = empty_gradient(logits);
  if (logits.scalar_type() == torch::kFloat64) {
    backward_all<double>(logits, labels, plan, gamma, scale, gradient);
  } else {
    backward_all<float>(logits, labels, plan, gamma, scale, gradient);
  }
  return gradient;
}

}  // namespace gyroseg::losses
