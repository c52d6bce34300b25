#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "gyroseg/training/embedding_projection.h"
#include "gyroseg/training/run_figures.h"

namespace gyroseg {

/// Which figures of which runs, and how their embeddings are drawn.
struct EmbeddingFigureRequest : FigureRequest {
  std::int64_t points = 5000;  ///< pixels at most (pixel_embeddings.h)
  PictureProjection projection = PictureProjection::automatic;
};

/// Where figures and tables go; names as in FigureSink.
struct EmbeddingSink : FigureSink {
  std::function<void(const std::string& name, const std::string& csv)> table;
};

/// For every run (names begin with RUN_ where there are several):
///
///   embedding_levelK   pixels by their class at level K, prototypes down to it, tree edges
///   pixels, prototypes CSV: coordinates of the picture and of the network, and what is known of each
///   radius_by_depth    boxes of the pixels' distances from the origin by the depth of their leaf, and
///                      the prototypes' distances
///   radius_by_class    histograms
///   uncertainty        image, truth, prediction, distance from the origin, probability
/// and what draw_runs draws of all of them.
///
///   Throws  what draw_runs throws; DataError on the data and on a projection that a run does not have
void draw_embeddings(const EmbeddingFigureRequest& request, const EmbeddingSink& sink);

}  // namespace gyroseg
