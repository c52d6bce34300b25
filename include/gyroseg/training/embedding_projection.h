#pragma once

#include <torch/types.h>

#include <optional>
#include <string>

#include "gyroseg/report/disk_figure.h"
#include "gyroseg/training/pixel_embeddings.h"

namespace gyroseg {

/// How embeddings come into two dimensions.
enum class PictureProjection {
  automatic,    ///< as it is for D = 2; else HoroPCA of hyperbolic spaces, tangent PCA of others
  plane,        ///< as it is: D = 2 only
  tangent_pca,  ///< manifolds/tangent_pca.h
  horo_pca      ///< manifolds/horo_pca.h: poincare and lorentz only
};

/// auto | plane | tangent_pca | horo_pca. Throws c10::ValueError on another word.
[[nodiscard]] PictureProjection projection_of(const std::string& word);

/// Pixels and classes in the coordinates of a picture (PlanePoint). Hyperbolic spaces, Lorentz
/// included, are shown in the Poincare disk; the sphere in R^2 is a circle, shown as it is.
struct ProjectedEmbedding {
  PictureSpace space = PictureSpace::disk;
  torch::Tensor points;            ///< [N,2] float64
  torch::Tensor nodes;             ///< [V,2] float64, NaN where a class has no prototype
  std::string method;              ///< for captions: "HoroPCA", "2-D head as it is"
  std::string centre;              ///< what lies at the centre: "the origin", "the Frechet mean"
  std::optional<double> explained; ///< share that the method keeps; nothing where nothing is lost
};

/// The fit is by the pixels. Hyperbolic pictures are centred at the origin, so that radii stay what
/// they are; others, but for D = 2, at the mean. Throws c10::ValueError where the space or D do not
/// have the projection, saying what does.
[[nodiscard]] ProjectedEmbedding project_embedding(const PixelEmbeddings& pixels,
                                                   const ClassPrototypes& prototypes,
                                                   PictureProjection projection);

/// Whose the prototypes are: the classifier's own, Frechet means of the pixels, or which are which.
[[nodiscard]] std::string describe(const ClassPrototypes& prototypes);

/// One or two sentences: space, curvature, projection and what it keeps, number of pixels.
[[nodiscard]] std::string describe(const ProjectedEmbedding& projected, const PixelEmbeddings& pixels);

}  // namespace gyroseg
