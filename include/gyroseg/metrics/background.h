#pragma once

#include <optional>
#include <string>

#include "gyroseg/hierarchy/hierarchy.h"

namespace gyroseg {

/// The node that "without background" leaves out, by the key metrics.background.
///
///   setting  auto    the node at depth 1 that is called background or bg, in any case, and has
///                    one leaf (it is that leaf, its copy, or a chain of single children above it);
///                    else none
///            none    nothing
///            a node  name or path
///   Throws   HierarchyError: unknown or ambiguous node
[[nodiscard]] std::optional<int> background_node(const Hierarchy& tree, const std::string& setting);

/// Whether class `node` holds background only: all its leaves are leaves of `background`.
[[nodiscard]] bool is_background(const Hierarchy& tree, int node, std::optional<int> background);

}  // namespace gyroseg
