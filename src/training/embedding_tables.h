#pragma once

#include <string>

#include "gyroseg/training/embedding_projection.h"

namespace gyroseg {

/// A header and a row a pixel: image, row, column; leaf and predicted as paths; level_K and
/// predicted_K; radius, confidence; x, y of the picture; v1..vD, the network's outputs.
[[nodiscard]] std::string pixel_table(const Hierarchy& tree, const PixelEmbeddings& pixels,
                                      const ProjectedEmbedding& projected);

/// A header and a row a node: node as path, depth, parent, source (classifier | frechet_mean | none),
/// radius, x, y, v1..vD; empty where there is no prototype.
[[nodiscard]] std::string prototype_table(const Hierarchy& tree, const PixelEmbeddings& pixels,
                                          const ClassPrototypes& prototypes,
                                          const ProjectedEmbedding& projected);

}  // namespace gyroseg
