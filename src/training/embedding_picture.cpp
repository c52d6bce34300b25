#include "gyroseg/training/embedding_picture.h"

#include <torch/types.h>
#include <torch/utils.h>

#include <cmath>
#include <cstdio>
#include <functional>

#include "manifolds/horo_pca.h"
#include "manifolds/tangent_pca.h"

namespace gyroseg {
namespace {

std::string share_text(double share) {
  char text[16];
  std::snprintf(text, sizeof text, "%.0f %%", 100 * share);
  return text;
}

// Points z [M,2] of the unit disc as tangent coordinates at its centre, lengths in curvature -c.
torch::Tensor at_distance(const torch::Tensor& z, double c) {
  const torch::Tensor norm = z.norm(2, -1, true);
  const torch::Tensor distance = 2 / std::sqrt(c) * torch::atanh(norm.clamp_max(1 - 1e-16));
  return torch::where(norm > 0, z / norm.clamp_min(1e-300) * distance, torch::zeros_like(z));
}

// The same ball with any curvature is the unit ball, drawn at another scale.
PagePicture hyperbolic_picture(const torch::Tensor& v, std::int64_t pixels, double c,
                                    PagePicture picture) {
  if (v.size(1) == 2) {
    picture.projection = "The network's two dimensions as they are, in the Poincare disk";
    picture.xy = 2 * v;  // lambda0
    return picture;
  }
  const torch::Tensor points = make_manifold("poincare", 1.0)->embed(v * std::sqrt(c));
  const HoroPca pca = horo_pca(points.slice(0, 0, pixels), 1.0);
  picture.xy = at_distance(horo_project(pca, points, 1.0), c);
  picture.projection = "HoroPCA of " + std::to_string(v.size(1)) +
                       " dimensions in the Poincare disk, about the Frechet mean; " +
                       share_text(pca.explained) + " of the mean squared distance is kept";
  return picture;
}

torch::Tensor base_of(const Manifold& manifold, const torch::Tensor& points) {
  const torch::Tensor mean = manifold.frechet_mean(points);
  return mean.isfinite().all().item<bool>() ? mean : manifold.midpoint(points);
}

PagePicture flat_picture(const Manifold& manifold, const torch::Tensor& v, std::int64_t pixels,
                              PagePicture picture) {
  const bool sphere = manifold.kind() == "sphere";
  const torch::Tensor points = manifold.embed(v);
  picture.view = PageView::plane;
  if (v.size(1) == 2) {
    picture.projection = sphere ? "The unit circle as it is" : "The network's two dimensions as they are";
    picture.xy = points;
    return picture;
  }
  const torch::Tensor seen = points.slice(0, 0, pixels);
  const TangentPca pca = tangent_pca(manifold, seen, 2, base_of(manifold, seen));
  picture.xy = tangent_coordinates(manifold, pca, points);
  const std::string dimensions = std::to_string(v.size(1)) + " dimensions";
  picture.projection =
      (sphere ? (v.size(1) == 3 ? "Azimuthal equidistant view of the sphere about the mean"
                                : "Principal components of " + dimensions +
                                      " in the sphere's tangent plane at the mean")
              : "Principal components of " + dimensions) +
      "; " + share_text(pca.explained) + " of the squared distance from the mean is kept";
  return picture;
}

}  // namespace

PagePicture picture_of(const PixelEmbeddings& pixels, const ClassPrototypes& classes) {
  const torch::NoGradGuard no_grad;
  const std::int64_t n = pixels.size();
  // Classes without a prototype stand at 0 while projecting, and are taken out after it.
  const torch::Tensor missing = classes.tangents.isnan().any(-1, true);
  const torch::Tensor v = torch::cat({pixels.tangents.to(torch::kFloat64),
                                      classes.tangents.masked_fill(missing, 0.0)});
  const auto manifold = manifold_of(pixels);
  const bool flat = pixels.space == "euclidean" || pixels.space == "sphere";
  PagePicture picture = flat ? flat_picture(*manifold, v, n, {})
                                  : hyperbolic_picture(v, n, pixels.curvature, {});
  picture.prototypes = picture.xy.slice(0, n).masked_fill(missing, std::nan(""));
  picture.xy = picture.xy.slice(0, 0, n);
  return picture;
}

}  // namespace gyroseg
