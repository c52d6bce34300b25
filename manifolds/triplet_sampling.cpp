#include <torch/types.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <set>
#include <vector>

#include "manifolds/tree_triplet.h"

namespace gyroseg {
namespace {

using torch::Tensor;
using Pixels = std::vector<int64_t>;
using Triple = std::array<int64_t, 3>;  // anchor, positive, negative

void check_arguments(const Tensor& labels, const TreeTables& tree,
                     const TreeTripletOptions& options) {
  TORCH_CHECK_VALUE(labels.dim() == 3 && labels.scalar_type() == torch::kInt64,
                    "tree_triplet: labels must be [B,H,W] int64, got ", labels.sizes(), " ",
                    labels.scalar_type());
  TORCH_CHECK_VALUE(tree.distances.defined() && tree.distances.dim() == 2 &&
                        tree.distances.size(0) == tree.distances.size(1) &&
                        tree.distances.scalar_type() == torch::kInt64,
                    "tree_triplet: distances must be [C,C] int64, got ", tree.distances.toString(),
                    " ", tree.distances.defined() ? tree.distances.sizes() : at::IntArrayRef{});
  TORCH_CHECK_VALUE(tree.parents.defined() && tree.parents.dim() == 1 &&
                        tree.parents.size(0) == tree.distances.size(0) &&
                        tree.parents.scalar_type() == torch::kInt64,
                    "tree_triplet: parents must be [C] int64 with C = ", tree.distances.size(0),
                    ", got ", tree.parents.toString(), " ",
                    tree.parents.defined() ? tree.parents.sizes() : at::IntArrayRef{});
  TORCH_CHECK_VALUE(tree.height >= 1, "tree_triplet: height must be at least 1, got ", tree.height);
  TORCH_CHECK_VALUE(options.max_triplets >= 1,
                    "tree_triplet: max_triplets must be at least 1, got ", options.max_triplets);
  TORCH_CHECK_VALUE(std::isfinite(options.margin), "tree_triplet: margin must be finite, got ",
                    options.margin);
  TORCH_CHECK_VALUE(std::isfinite(options.fixed_margin.value_or(0)),
                    "tree_triplet: fixed_margin must be finite, got ",
                    options.fixed_margin.value_or(0));
}

/// The pixels of every leaf, in one pass over the labels.
std::vector<Pixels> pixels_by_leaf(const Tensor& labels, int64_t leaves) {
  const Tensor flat = labels.to(torch::kCPU).contiguous();
  const int64_t* label = flat.const_data_ptr<int64_t>();
  std::vector<Pixels> lists(leaves);
  for (int64_t i = 0; i < flat.numel(); ++i) {
    TORCH_CHECK_VALUE(label[i] < leaves, "tree_triplet: label ", label[i], " at pixel ", i,
                      " is not a leaf index below C = ", leaves);
    if (label[i] >= 0) lists[label[i]].push_back(i);
  }
  return lists;
}

/// Several pixel lists seen as one.
class Pool {
 public:
  void add(const Pixels& pixels) {
    if (pixels.empty()) return;
    size_ += static_cast<int64_t>(pixels.size());
    lists_.push_back(&pixels);
    ends_.push_back(size_);
  }
  [[nodiscard]] int64_t size() const { return size_; }
  [[nodiscard]] int64_t operator[](int64_t i) const {
    const auto list = std::upper_bound(ends_.begin(), ends_.end(), i) - ends_.begin();
    const Pixels& pixels = *lists_[list];
    return pixels[i - (ends_[list] - static_cast<int64_t>(pixels.size()))];
  }

 private:
  std::vector<const Pixels*> lists_;
  std::vector<int64_t> ends_;
  int64_t size_ = 0;
};

/// What the triplets of one class are made of.
struct Pools {
  Pool anchors, positives, negatives;
  bool positives_hold_anchors = false;

  /// As a double: it only decides between enumerating and drawing.
  [[nodiscard]] double triplets() const {
    const auto positives_of_one =
        static_cast<double>(positives.size() - (positives_hold_anchors ? 1 : 0));
    return static_cast<double>(anchors.size()) * positives_of_one *
           static_cast<double>(negatives.size());
  }
};

Pools pools_of(int64_t leaf, const std::vector<Pixels>& by_leaf, const int64_t* parents, bool own) {
  Pools pools;
  pools.anchors.add(by_leaf[leaf]);
  for (int64_t other = 0; other < static_cast<int64_t>(by_leaf.size()); ++other) {
    const bool sibling = parents[leaf] >= 0 && parents[other] == parents[leaf];
    if (other == leaf) {
      if (own) pools.positives.add(by_leaf[other]);
    } else {
      (sibling ? pools.positives : pools.negatives).add(by_leaf[other]);
    }
  }
  pools.positives_hold_anchors = own;
  return pools;
}

/// Uniform in [0, n), the same on every platform: raw draws from the incomplete last range are
/// rejected.
int64_t draw_below(int64_t n, std::mt19937_64& generator) {
  constexpr std::uint64_t kMax = std::numeric_limits<std::uint64_t>::max();
  const auto range = static_cast<std::uint64_t>(n);
  const std::uint64_t rejected = (kMax % range + 1) % range;  // 2^64 mod n
  std::uint64_t x = generator();
  while (x > kMax - rejected) x = generator();
  return static_cast<int64_t>(x % range);
}

std::vector<Triple> all_triplets(const Pools& pools) {
  std::vector<Triple> result;
  for (int64_t a = 0; a < pools.anchors.size(); ++a)
    for (int64_t p = 0; p < pools.positives.size(); ++p)
      for (int64_t n = 0; n < pools.negatives.size(); ++n)
        if (pools.anchors[a] != pools.positives[p])
          result.push_back({pools.anchors[a], pools.positives[p], pools.negatives[n]});
  return result;
}

/// `count` distinct triplets out of more than `count`.
std::vector<Triple> draw_triplets(const Pools& pools, size_t count, std::mt19937_64& generator) {
  std::vector<Triple> result;
  std::set<Triple> seen;
  while (result.size() < count) {
    Triple t;
    t[0] = pools.anchors[draw_below(pools.anchors.size(), generator)];
    t[1] = pools.positives[draw_below(pools.positives.size(), generator)];
    t[2] = pools.negatives[draw_below(pools.negatives.size(), generator)];
    if (t[0] != t[1] && seen.insert(t).second) result.push_back(t);
  }
  return result;
}

}  // namespace

Triplets sample_triplets(const Tensor& labels, const TreeTables& tree,
                         const TreeTripletOptions& options) {
  check_arguments(labels, tree, options);
  const Tensor parent_tensor = tree.parents.to(torch::kCPU).contiguous();
  const int64_t* parents = parent_tensor.const_data_ptr<int64_t>();
  const auto by_leaf = pixels_by_leaf(labels, tree.parents.size(0));
  std::mt19937_64 generator(options.seed);
  std::vector<Triple> triples;
  for (size_t leaf = 0; leaf < by_leaf.size(); ++leaf) {
    if (by_leaf[leaf].empty()) continue;
    const Pools pools =
        pools_of(static_cast<int64_t>(leaf), by_leaf, parents, options.include_own_class);
    if (pools.positives.size() == 0 || pools.triplets() < 1) continue;
    const auto own =
        pools.triplets() <= options.max_triplets
            ? all_triplets(pools)
            : draw_triplets(pools, static_cast<size_t>(options.max_triplets), generator);
    triples.insert(triples.end(), own.begin(), own.end());
  }
  const auto count = static_cast<int64_t>(triples.size());
  Triplets result{torch::empty({3, count}, torch::kInt64), torch::empty({3, count}, torch::kInt64)};
  for (int64_t role = 0; role < 3; ++role)
    for (int64_t i = 0; i < count; ++i)
      result.pixels.mutable_data_ptr<int64_t>()[role * count + i] = triples[i][role];
  result.classes =
      labels.to(torch::kCPU).flatten().index_select(0, result.pixels.flatten()).view({3, count});
  return result;
}

}  // namespace gyroseg
