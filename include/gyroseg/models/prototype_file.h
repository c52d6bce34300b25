#pragma once

#include <torch/types.h>

#include <filesystem>

#include "gyroseg/hierarchy/hierarchy.h"
#include "manifolds/manifold.h"

namespace gyroseg {

/// Reads prototypes of classes from a CSV file: a header `node,x1,...,xA`, then one row a node.
///
///   node     a name of the tree, or a path (`body/head`, `/head` at the top) where names repeat
///   x1..xA   a point of the manifold, A = manifold.coordinates(dim): dim + 1 on the hyperboloid.
///            Right to 4 digits or better; what is off is taken as the nearest point
///   Rows     each of the nodes [0, classes) once; those of other names are left alone. Blank lines
///            too; cells may stand in double quotes
///   returns  [classes, dim] float32 network outputs w, embed(w) the points
///   Throws   WeightsError, one line that names the file, the line, and every class without a row
[[nodiscard]] torch::Tensor read_prototypes(const std::filesystem::path& path,
                                            const Hierarchy& tree, int classes,
                                            const Manifold& manifold, int dim);

}  // namespace gyroseg
