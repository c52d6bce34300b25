#pragma once

#include <torch/types.h>

#include <string>
#include <vector>

#include "gyroseg/report/embedding_page.h"
#include "gyroseg/training/pixel_embeddings.h"

namespace gyroseg {

/// An embedding in two dimensions, as PageSnapshot has it: tangent coordinates at the picture's centre,
/// whose length is the distance from it in the space's own measure.
struct PagePicture {
  PageView view = PageView::disk;
  std::string projection;    ///< which map, for the caption
  torch::Tensor xy;          ///< [N,2] float64
  torch::Tensor prototypes;  ///< [V,2] float64; NaN where there is none
};

/// Projects pixels and classes alike.
///
///   poincare, lorentz  the disk: two dimensions as they are, more by HoroPCA (manifolds/horo_pca.h)
///   euclidean          the plane: two dimensions as they are, more by principal components
///   sphere             the plane: the unit circle as it is, else the tangent plane at the mean (in three
///                      dimensions this is the azimuthal equidistant map, in more its principal components)
///   Throws             c10::ValueError on tensors that do not fit
[[nodiscard]] PagePicture picture_of(const PixelEmbeddings& pixels,
                                          const ClassPrototypes& classes);

}  // namespace gyroseg
