#pragma once

#include <vector>

#include "gyroseg/data/mask_io.h"
#include "gyroseg/hierarchy/hierarchy.h"

namespace gyroseg {

/// A colour for every node, [V], a function of the tree alone. Hue says the branch: the top nodes
/// take the hues of Okabe and Ito's colours for all kinds of colour vision (blue, orange, bluish
/// green, reddish purple, vermilion, yellow), further ones the middle of the widest gap between the
/// hues so far. A single top node beside the background leaves them to its children, and has the
/// next colour itself. The nodes below a branch are shades of its hue: siblings differ in lightness
/// and chroma, and a little in hue. All classes of a level are driven apart in OKLab as masks and
/// as marks on either ground (report/theme.h), with normal vision and without red or green cones;
/// how far that goes: tests/report/palette_test.cpp. A single child has its parent's colour;
/// background (metrics/background.h, auto) is dark grey.
[[nodiscard]] std::vector<Rgb> node_palette(const Hierarchy& tree);

/// Colour of every class of level k, by class index, of the colours of node_palette. That is a search: once
/// a tree, not once an image.
[[nodiscard]] std::vector<Rgb> level_palette(const Hierarchy& tree, int k,
                                             const std::vector<Rgb>& colors);

}  // namespace gyroseg
