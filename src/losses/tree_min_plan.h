#pragma once

#include <cstdint>
#include <vector>

#include "gyroseg/hierarchy/hierarchy.h"
#include "operators/label_tree.h"

namespace gyroseg::losses {

/// The tree with every node as a label.
LabelTree label_tree(const Hierarchy& tree);

/// [V,S] share of a node's term at a label in the sum over the levels: 1/(N_k n_k) for each level k
/// that has the node and that the label determines.
/// label_counts [S]: pixels of each label row.
std::vector<double> level_weights(const Hierarchy& tree,
                                  const std::vector<std::int64_t>& label_counts);

}  // namespace gyroseg::losses
