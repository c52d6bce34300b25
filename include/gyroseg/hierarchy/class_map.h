#pragma once

#include <torch/types.h>

#include <optional>
#include <vector>

#include "gyroseg/hierarchy/hierarchy.h"

namespace gyroseg {

/// The classes of one tree in the indices of another that has the same ones.
struct ClassMap {
  torch::Tensor leaves;               ///< [C] int64: the leaf of `to` that each leaf of `from` is
  std::vector<torch::Tensor> levels;  ///< per level k [n_k] int64: index in to.level(k) of each of from.level(k)
  torch::Tensor nodes;                ///< [V of `to`] int64: the node of `from` that each is; of a copy its leaf
};

/// Matches classes by path. Node order, mask values and copies of repeated leaves may differ; nothing where
/// the paths do.
[[nodiscard]] std::optional<ClassMap> class_map(const Hierarchy& from, const Hierarchy& to);

/// table[class] of every class; negative ones, undecided or ignored, stay. classes int64 of any shape, table [n]
/// int64, on one device.
[[nodiscard]] torch::Tensor mapped(const torch::Tensor& classes, const torch::Tensor& table);

}  // namespace gyroseg
