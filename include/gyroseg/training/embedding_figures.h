#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "gyroseg/report/svg.h"
#include "gyroseg/training/embedding_projection.h"

namespace gyroseg {

/// Which pictures of which runs' embeddings.
struct EmbeddingFigureRequest {
  std::vector<std::string> folders;  ///< run folders, at least one
  std::string split = "test";
  std::int64_t points = 5000;        ///< pixels at most (pixel_embeddings.h)
  PictureProjection projection = PictureProjection::automatic;
  int level = 0;                     ///< of the clusters; 0: all
  int samples = 3;                   ///< rows of the uncertainty maps; 0: none
  std::string checkpoint = "best";   ///< best | last | a path
  std::vector<std::string> overrides = {};  ///< as --set, for every run's config
  Theme theme = {};
};

/// Where results go, and word of what is left out because a run lacks it. Names are those of files,
/// without extension, each used once.
struct EmbeddingSink {
  std::function<void(const std::string& name, const Svg& figure)> add;
  std::function<void(const std::string& name, const std::string& csv)> table;
  std::function<void(const std::string& what)> miss;
};

/// For every run (names begin with RUN_ where there are several):
///
///   embedding_levelK   pixels by their class at level K, prototypes down to it, tree edges
///   pixels, prototypes CSV: coordinates of the picture and of the network, and what is known of each
///   radius_by_depth    boxes of the pixels' distances from the origin by the depth of their leaf, and
///                      the prototypes' distances
///   radius_by_class    histograms
///   uncertainty        image, truth, prediction, distance from the origin, probability
/// and, of all runs together, from metrics.jsonl:
///   gradient_norm, clipped, curvature
///
///   Throws  CheckpointError on a folder that is no run, ConfigError, HierarchyError; DataError on
///           the data, a level that no run has, a projection that a run does not have
void draw_embeddings(const EmbeddingFigureRequest& request, const EmbeddingSink& sink);

}  // namespace gyroseg
