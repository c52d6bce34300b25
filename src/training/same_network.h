#pragma once

#include <string>

#include "gyroseg/config/config.h"
#include "gyroseg/hierarchy/hierarchy.h"

namespace gyroseg {

/// Whether channel i of one tree is that of the other: nodes of the same paths in the same order, or leaves
/// alone. Mask values make no difference.
[[nodiscard]] bool same_channels(const Hierarchy& a, const Hierarchy& b, bool all_nodes);

/// The first thing in which a config describes another network than that of a checkpoint, as "model:
/// activation: tanh; it was trained with activation: relu", or "". What the weights replace or no part
/// reads makes no difference.
[[nodiscard]] std::string network_difference(const Config& given, const Config& trained);

}  // namespace gyroseg
