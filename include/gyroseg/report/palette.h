#pragma once

#include <vector>

#include "gyroseg/data/mask_io.h"
#include "gyroseg/hierarchy/hierarchy.h"

namespace gyroseg {

/// A colour for every node, [V]: each top node has a slice of the hue circle, and the nodes below
/// it are shades inside that slice. A single child has its parent's colour. Background
/// (metrics/background.h, auto) is dark grey.
[[nodiscard]] std::vector<Rgb> node_palette(const Hierarchy& tree);

/// Colour of every class of level k, by class index.
[[nodiscard]] std::vector<Rgb> level_palette(const Hierarchy& tree, int k);

/// Colour of every mask value of the tree up to 255, by mask value; values of no node are black.
[[nodiscard]] std::vector<Rgb> label_palette(const Hierarchy& tree);

}  // namespace gyroseg
