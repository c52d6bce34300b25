#pragma once

#include "section.h"

namespace gyroseg {

/// True for SegHiero's own YAML: it has a `classes` block, which ours has not.
[[nodiscard]] bool is_seghiero(const Value& root);

/// SegHiero's config in our keys. Every value keeps its place, and its own key for messages; what
/// is wrong (maps with gaps or overlaps, unknown keys) goes to the problems. See configs/README.md.
[[nodiscard]] Value map_seghiero(const Value& root, ReadContext& context);

/// The `classes` block as nested names with integer leaves, the form of `hierarchy`.
///   levels  2, or 3 with super_coarse_to_coarse_map
struct SegHieroTree {
  Value hierarchy;  ///< null where the block is wrong
  int levels = 2;
};
[[nodiscard]] SegHieroTree map_classes(const Value& classes, Problems& problems);

/// `loss` with SegHiero's terms, the weights of its `training` block (null: none) and, with three levels, its
/// RMI options. Its totals with weights of 1: 5 tree-min over two levels; over three 2.5 and its RMI, whose
/// factor is fine_weight. No focus in either.
///   place  of what the block does not name
[[nodiscard]] Value map_losses(const Value& training, int levels, const Place& place,
                               Problems& problems);

}  // namespace gyroseg
