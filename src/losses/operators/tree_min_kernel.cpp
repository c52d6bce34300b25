#include "tree_min_kernel.h"

#include <algorithm>
#include <limits>

#include <ATen/Dispatch.h>
#include <ATen/OpMathType.h>
#include <torch/types.h>

#include "pixel_tiles.h"
#include "softplus.h"

namespace gyroseg::losses {
namespace {

/// The plan in the kernel's scalar type.
template <typename T>
struct Tables {
  const LabelTree& tree;
  std::int64_t ignore;
  std::vector<T> weight;  ///< [V,S], backward times the node's gradient
  T gamma;

  Tables(const TreeMinPlan& plan, double focus, const std::vector<double>& scale)
      : tree(plan.tree), ignore(plan.ignore), gamma(static_cast<T>(focus)) {
    const std::size_t rows = tree.rows();
    for (std::size_t i = 0; i < plan.weight.size(); ++i) {
      weight.push_back(static_cast<T>(plan.weight[i] * scale[i / rows]));
    }
  }
};

/// One thread's working memory; every row is kTile long.
template <typename T>
struct Tile {
  std::vector<T> z;  ///< [V+1] logits, then the terms' arguments, then gradients; V: past the path
  std::vector<T> minima;            ///< [height] along the path, then their gradients
  std::vector<std::int32_t> own;    ///< [height] 1 where the path's node holds its own minimum
  std::vector<std::int32_t> depth;  ///< [V] of the node that holds the maximum
  std::vector<std::int32_t> from;   ///< [V] child that holds the maximum, -1 = the node itself
  std::int32_t row[kTile];          ///< label rows
  double* sums = nullptr;           ///< [V] of the terms

  explicit Tile(const LabelTree& tree)
      : z((tree.nodes + 1) * kTile),
        minima(tree.height * kTile),
        own(tree.height * kTile),
        depth(tree.nodes * kTile),
        from(tree.nodes * kTile) {
    for (int v = 0; v < tree.nodes; ++v) {
      std::fill_n(depth.begin() + v * kTile, kTile, tree.depth[v]);
    }
  }
};

/// The running minimum from the top of the path to the label.
template <typename T>
GYROSEG_INLINE void path_minima(const LabelTree& tree, Tile<T>& tile) {
  const T* __restrict z = tile.z.data();
  const std::int32_t* __restrict row = tile.row;
  T minimum[kTile];
  std::fill_n(minimum, kTile, std::numeric_limits<T>::infinity());
  for (int j = 0; j < tree.height; ++j) {
    const std::int32_t* __restrict path = tree.path.data() + j * tree.rows();
    T* __restrict minima = tile.minima.data() + j * kTile;
    std::int32_t* __restrict own = tile.own.data() + j * kTile;
    for (int t = 0; t < kTile; ++t) {
      const T value = z[path[row[t]] * kTile + t];
      const bool above = minimum[t] < value;  // a tie stays with the node itself, and so does a NaN
      minimum[t] = above ? minimum[t] : value;
      minima[t] = minimum[t];
      own[t] = above ? 0 : 1;
    }
  }
}

/// Maxima over the descendants, in place; the children of a node are done before it.
template <bool backward, typename T>
GYROSEG_INLINE void subtree_maxima(const LabelTree& tree, Tile<T>& tile) {
  for (int i = tree.nodes - 1; i >= 0; --i) {
    const int v = tree.order[i];
    if (tree.children[v].empty()) {
      continue;
    }
    T* __restrict best = tile.z.data() + v * kTile;
    std::int32_t* __restrict depth = tile.depth.data() + v * kTile;
    std::int32_t* __restrict from = tile.from.data() + v * kTile;
    std::fill_n(depth, kTile, tree.depth[v]);
    std::fill_n(from, kTile, -1);
    for (const int child : tree.children[v]) {
      const T* __restrict other = tile.z.data() + child * kTile;
      const std::int32_t* __restrict other_depth = tile.depth.data() + child * kTile;
      for (int t = 0; t < kTile; ++t) {
        if constexpr (backward) {
          const bool nearer = (other[t] == best[t]) & (other_depth[t] < depth[t]);
          const bool better = (other[t] > best[t]) | nearer;
          best[t] = better ? other[t] : best[t];
          depth[t] = better ? other_depth[t] : depth[t];
          from[t] = better ? child : from[t];
        } else {
          best[t] = other[t] > best[t] ? other[t] : best[t];
        }
      }
    }
  }
}

/// A node on the path has -log p = softplus(-minimum), any other -log(1 - q) = softplus(maximum).
template <typename T>
GYROSEG_INLINE void place_minima(const LabelTree& tree, Tile<T>& tile) {
  for (int j = 0; j < tree.height; ++j) {
    const std::int32_t* path = tree.path.data() + j * tree.rows();
    for (int t = 0; t < kTile; ++t) {
      tile.z[path[tile.row[t]] * kTile + t] = -tile.minima[j * kTile + t];
    }
  }
}

/// In place, by halves: a fixed order that vector instructions follow.
template <typename T>
GYROSEG_INLINE T sum_of(T* terms) {
  for (int half = kTile / 2; half > 0; half /= 2) {
    for (int t = 0; t < half; ++t) {
      terms[t] += terms[t + half];
    }
  }
  return terms[0];
}

/// weight * f(x) summed over the tile, or in place weight * f'(x). Where the weight is 0 the input
/// is made harmless, so that no inf or NaN of an ignored pixel comes through.
template <Focus focus, bool backward, typename T>
GYROSEG_INLINE void node_terms(const Tables<T>& tables, Tile<T>& tile) {
  const T gamma = tables.gamma;
  const std::int32_t rows = tables.tree.rows();
  const std::int32_t* __restrict row = tile.row;
  for (int v = 0; v < tables.tree.nodes; ++v) {
    const T* __restrict weights = tables.weight.data() + v * rows;
    T* __restrict z = tile.z.data() + v * kTile;
    T weight[kTile];  // looked up apart, or the loop below cannot become vector instructions
    for (int t = 0; t < kTile; ++t) {
      weight[t] = weights[row[t]];
    }
    for (int t = 0; t < kTile; ++t) {
      const T safe = choose(weight[t] == 0, T(0), z[t]);
      const FocalTerm<T> term = focal_softplus<focus>(safe, gamma);
      z[t] = weight[t] * (backward ? term.derivative : term.value);
    }
    if constexpr (!backward) {
      tile.sums[v] = sum_of(z);
    }
  }
}

/// Hands the gradients of maxima and minima to the nodes that hold them.
template <typename T>
GYROSEG_INLINE void hand_out(const LabelTree& tree, Tile<T>& tile) {
  std::fill_n(tile.z.begin() + tree.nodes * kTile, kTile, T(0));
  for (int j = 0; j < tree.height; ++j) {
    const std::int32_t* path = tree.path.data() + j * tree.rows();
    for (int t = 0; t < kTile; ++t) {
      T& gradient = tile.z[path[tile.row[t]] * kTile + t];
      tile.minima[j * kTile + t] = -gradient;
      gradient = T(0);
    }
  }
  for (const int v : tree.order) {
    if (tree.children[v].empty()) {
      continue;
    }
    T* __restrict gradient = tile.z.data() + v * kTile;
    const std::int32_t* __restrict from = tile.from.data() + v * kTile;
    for (const int child : tree.children[v]) {
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
  for (int j = tree.height - 1; j >= 0; --j) {
    const std::int32_t* path = tree.path.data() + j * tree.rows();
    for (int t = 0; t < kTile; ++t) {
      carried[t] += tile.minima[j * kTile + t];
      if (tile.own[j * kTile + t] != 0) {
        tile.z[path[tile.row[t]] * kTile + t] += carried[t];
        carried[t] = T(0);
      }
    }
  }
}

template <typename In, typename T>
void load_tile(const Run<const In>& run, const std::int64_t* labels, const Tables<T>& tables,
               Tile<T>& tile) {
  for (int t = 0; t < kTile; ++t) {
    const bool valid = t < run.length && labels[t] != tables.ignore;
    tile.row[t] = valid ? static_cast<std::int32_t>(labels[t]) + 1 : 0;
  }
  load(run, tables.tree.nodes, tile.z.data());
  std::fill_n(tile.z.begin() + tables.tree.nodes * kTile, kTile,
              std::numeric_limits<T>::infinity());
}

template <Focus focus, bool backward, typename T>
GYROSEG_INLINE void process(const Tables<T>& tables, Tile<T>& tile) {
  path_minima(tables.tree, tile);
  subtree_maxima<backward>(tables.tree, tile);
  place_minima(tables.tree, tile);
  node_terms<focus, backward>(tables, tile);
  if constexpr (backward) {
    hand_out(tables.tree, tile);
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

template <typename In>
std::vector<double> forward_all(const torch::Tensor& logits, const torch::Tensor& labels,
                                const TreeMinPlan& plan, double gamma) {
  using T = at::opmath_type<In>;
  const std::size_t nodes = plan.tree.nodes;
  const Tables<T> tables(plan, gamma, std::vector<double>(nodes, 1.0));
  const In* data = logits.const_data_ptr<In>();
  const std::int64_t* label = labels.const_data_ptr<std::int64_t>();
  const std::int64_t pixels = logits.size(2) * logits.size(3);
  // One partial sum a tile, added in order: the value does not depend on the number of threads.
  std::vector<double> partial(num_runs(logits) * nodes, 0.0);
  const auto body = [&](std::int64_t i, std::int64_t image, std::int64_t first, int length,
                        Tile<T>& tile) {
    load_tile(run_of(data, logits, image, first, length), label + image * pixels + first, tables,
              tile);
    tile.sums = partial.data() + i * nodes;
    forward_tile(tables, tile);
  };
  for_each_run(logits, [&] { return Tile<T>(plan.tree); }, body);
  std::vector<double> sums(nodes, 0.0);
  for (std::size_t i = 0; i < partial.size(); ++i) {
    sums[i % nodes] += partial[i];
  }
  return sums;
}

template <typename In>
void backward_all(const torch::Tensor& logits, const torch::Tensor& labels,
                  const TreeMinPlan& plan, double gamma, const std::vector<double>& scale,
                  torch::Tensor& gradient) {
  using T = at::opmath_type<In>;
  const Tables<T> tables(plan, gamma, scale);
  const In* data = logits.const_data_ptr<In>();
  In* out = gradient.mutable_data_ptr<In>();
  const std::int64_t* label = labels.const_data_ptr<std::int64_t>();
  const std::int64_t pixels = logits.size(2) * logits.size(3);
  const auto body = [&](std::int64_t, std::int64_t image, std::int64_t first, int length,
                        Tile<T>& tile) {
    load_tile(run_of(data, logits, image, first, length), label + image * pixels + first, tables,
              tile);
    backward_tile(tables, tile);
    store(tile.z.data(), plan.tree.nodes, run_of(out, gradient, image, first, length));
  };
  for_each_run(logits, [&] { return Tile<T>(plan.tree); }, body);
}

}  // namespace

std::vector<double> tree_min_forward(const torch::Tensor& logits, const torch::Tensor& labels,
                                     const TreeMinPlan& plan, double gamma) {
  return AT_DISPATCH_FLOATING_TYPES_AND2(
      at::kHalf, at::kBFloat16, logits.scalar_type(), "tree_min_loss",
      [&] { return forward_all<scalar_t>(logits, labels, plan, gamma); });
}

torch::Tensor tree_min_backward(const torch::Tensor& logits, const torch::Tensor& labels,
                                const TreeMinPlan& plan, double gamma,
                                const std::vector<double>& scale) {
  torch::Tensor gradient = empty_gradient(logits);
  AT_DISPATCH_FLOATING_TYPES_AND2(
      at::kHalf, at::kBFloat16, logits.scalar_type(), "tree_min_loss_backward",
      [&] { backward_all<scalar_t>(logits, labels, plan, gamma, scale, gradient); });
  return gradient;
}

}  // namespace gyroseg::losses
